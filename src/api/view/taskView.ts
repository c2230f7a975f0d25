// The JSON of one task.

import type { TaskError } from '../../job/errors/index.ts';
import type { ArtifactRef, Instant, TaskState } from '../../job/task.ts';
import { isOpen } from '../../job/task.ts';
import type { TaskRecord } from '../../ports/jobLog.ts';
import type { WorkerDirectory } from '../../readmodel/workerDirectory.ts';
import type { ArtifactView, TaskErrorView, TaskView } from './schemas.ts';

export function taskView({ last, request }: TaskRecord, workers: Pick<WorkerDirectory, 'progress'>): TaskView {
  const { state, detail, sequence } = last;
  return {
    index: state.of.task,
    name: state.of.name,
    state: state.state,
    run: state.run,
    attempt: state.attempt,
    progress: taskProgress(state, sequence, workers),
    metadata: request.metadata,
    queuedAt: isoTime(state.queuedAt),
    startedAt: isoTimeOrNull(state.startedAt),
    completedAt: state.state === 'succeeded' ? isoTime(state.finishedAt) : null,
    failedAt: state.state === 'failed' ? isoTime(state.finishedAt) : null,
    dueAt: isOpen(state) ? isoTime(state.dueAt) : null,
    retryAt: state.state === 'waiting' ? isoTime(state.retryAt) : null,
    reason: state.reason,
    message: detail.message,
    error: errorView(detail.error),
    worker: workerOf(state),
    output: detail.output ?? null,
    usage: detail.usage ?? null,
    artifacts: (detail.artifacts ?? []).map((artifact) => artifactView(artifact, state)),
  };
}

/** 0 to 1. A terminal task counts as done; a running one has the progress that its worker reports. */
export function taskProgress(state: TaskState, sequence: number, workers: Pick<WorkerDirectory, 'progress'>): number {
  if (!isOpen(state)) return 1;
  return state.state === 'running' ? workers.progress(state, sequence) : 0;
}

export function artifactView({ name, mediaType, bytes, digest, width, height }: ArtifactRef, state: TaskState) {
  const href = `/v1/jobs/${state.of.job}/tasks/${state.of.task}/artifacts/${encodeURIComponent(name)}?run=${state.run}`;
  const view: ArtifactView = { name, mediaType, bytes, digest, href };
  if (width !== undefined) view.width = width;
  if (height !== undefined) view.height = height;
  return view;
}

export function errorView(error: TaskError | undefined): TaskErrorView | null {
  if (error === undefined) return null;
  const { code, message, retryable, hint, provider } = error;
  return { code, message, retryable, hint, provider: provider === undefined ? null : { ...provider } };
}

export function workerOf(state: TaskState): string | null {
  return 'worker' in state ? state.worker : null;
}

export const isoTime = (instant: Instant): string => new Date(instant).toISOString();
export const isoTimeOrNull = (instant: Instant | null): string | null => (instant === null ? null : isoTime(instant));
