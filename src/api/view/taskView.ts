// The JSON of one task.

import { phaseText } from '../../job/attemptPhase.ts';
import type { TaskError } from '../../job/errors/index.ts';
import type { WaitingFor } from '../../job/explain/observation.ts';
import { adviceAfterFailure } from '../../job/explain/settled.ts';
import { targetOf } from '../../job/target.ts';
import type {
  ArtifactRef,
  Instant,
  Spent,
  TaskDetail,
  TaskIdentity,
  TaskRequest,
  TaskState,
  TaskStateName,
} from '../../job/task.ts';
import { isOpen } from '../../job/task.ts';
import { isoTime } from '../../job/time.ts';
import { artifactPath, type LinkedAddress } from '../../jobs/links.ts';
import type { Waits } from '../../jobs/waitObserver.ts';
import type { DetailedEntry, TaskRecord } from '../../ports/jobLog.ts';
import type { WorkerDirectory } from '../../readmodel/workerDirectory.ts';
import type { ArtifactView, SpentView, TaskErrorView, TaskView, WaitingForView } from './schemas.ts';

/** What this process knows besides the log. */
export interface Live {
  readonly workers: Pick<WorkerDirectory, 'progress' | 'runner'>;
  readonly waits: Waits;
  /** Makes complete addresses of paths; undefined leaves them as they are. */
  readonly address?: LinkedAddress | undefined;
  /** The address of a trace, with `{traceId}`; absent: jobs have no links to their traces. */
  readonly traceUrl?: string | undefined;
}

export function taskView({ last, request }: TaskRecord, { workers, waits, address }: Live): TaskView {
  const { state, detail, sequence } = last;
  return {
    index: state.of.task,
    name: state.of.name,
    ...ownFields(state.of, request),
    state: shownState(state),
    run: state.run,
    attempt: state.attempt,
    progress: taskProgress(state, sequence, workers),
    phase: phaseOf(state, sequence, workers),
    metadata: request.metadata,
    queuedAt: isoTime(state.queuedAt),
    startedAt: isoTimeOrNull(state.startedAt),
    completedAt: state.state === 'succeeded' ? isoTime(state.finishedAt) : null,
    failedAt: state.state === 'failed' ? isoTime(state.finishedAt) : null,
    dueAt: isOpen(state) ? isoTime(state.dueAt) : null,
    retryAt: state.state === 'waiting' && state.retryAt !== null ? isoTime(state.retryAt) : null,
    reason: state.reason,
    message: detail.message,
    error: errorOfTask(last),
    waitingFor: waitingForView(waits(last)),
    worker: workerOf(state),
    target: isOpen(state) ? { ...targetOf(state) } : null,
    used: detail.used === undefined ? null : { ...detail.used },
    output: detail.output ?? null,
    usage: usageView(last),
    artifacts: (detail.artifacts ?? []).map((artifact) => artifactView(artifact, state, address)),
    ...flagsView(detail),
  };
}

/** What distinguishes the task from others of its job. */
function ownFields({ kind, model, jobKind, jobModel }: TaskIdentity, { after }: TaskRequest): Partial<TaskView> {
  return {
    ...(jobKind === undefined ? {} : { kind }),
    ...(jobModel === undefined ? {} : { model }),
    ...(after === undefined ? {} : { after: [...after] }),
  };
}

/** Hints are written for tasks that are retried. A failed task needs the advice for its end. */
function errorOfTask({ state, detail }: DetailedEntry): TaskErrorView | null {
  const error = errorView(detail.error);
  if (error === null || state.state !== 'failed') return error;
  return { ...error, hint: adviceAfterFailure(state, detail.error!) };
}

export function waitingForView(waits: WaitingFor | null): WaitingForView | null {
  return waits === null ? null : { ...waits, until: isoTimeOrNull(waits.until) };
}

/** Tasks of earlier versions have no `spent`: theirs is what their last attempt used. */
function usageView({ state, detail: { usage } }: DetailedEntry): TaskView['usage'] {
  const durationMs = usage?.durationMs ?? null;
  if (state.spent !== undefined) return { ...spentView(state.spent), durationMs };
  if (usage === undefined) return null;
  return { ...usage, paidCalls: 1, durationMs };
}

export function spentView({ calls: paidCalls, inputTokens, outputTokens, cost }: Spent): SpentView {
  return { inputTokens, outputTokens, ...(cost === undefined ? {} : { cost }), paidCalls };
}

/** 0 to 1. A terminal task counts as done; a running one has the progress that its worker reports. */
export function taskProgress(state: TaskState, sequence: number, workers: Pick<WorkerDirectory, 'progress'>): number {
  if (!isOpen(state)) return 1;
  return state.state === 'running' ? workers.progress(state, sequence) : 0;
}

/** A job with a deleted task is not found, so no view has one. */
export const shownState = ({ state }: TaskState): TaskStateName => state as TaskStateName;

function phaseOf(state: TaskState, sequence: number, workers: Live['workers']): string | null {
  const phase = state.state === 'running' ? workers.runner(state, sequence)?.phase : undefined;
  return phase === undefined || phase === null ? null : phaseText(phase);
}

export function artifactView(artifact: ArtifactRef, state: TaskState, address: LinkedAddress = asPath) {
  const { name, mediaType, bytes, digest, path, width, height } = artifact;
  const view: ArtifactView = { name, mediaType, bytes, digest, href: address(artifactPath(state, name)) };
  if (path !== undefined) view.path = path;
  if (width !== undefined) view.width = width;
  if (height !== undefined) view.height = height;
  return view;
}

export const asPath: LinkedAddress = (path) => path;

/** Without the field if nothing has flagged the result. */
export const flagsView = ({ flags }: TaskDetail): Pick<TaskView, 'flags'> =>
  flags === undefined ? {} : { flags: flags.map((flag) => ({ ...flag })) };

export function errorView(error: TaskError | undefined): TaskErrorView | null {
  if (error === undefined) return null;
  const { code, message, retryable, hint, provider } = error;
  return { code, message, retryable, hint, provider: provider === undefined ? null : { ...provider } };
}

export function workerOf(state: TaskState): string | null {
  return 'worker' in state ? state.worker : null;
}

export const isoTimeOrNull = (instant: Instant | null): string | null => (instant === null ? null : isoTime(instant));
