// Summarizes a job from the states of its tasks, as its resource shows it.

import { countStates, jobState, jobTimes, type Counts, type JobState } from '../../job/jobState.ts';
import type { TaskIndex } from '../../job/ids.ts';
import type { ArtifactRef, Instant, JsonValue, NeedsReview, Sequence, TaskState } from '../../job/task.ts';
import { isoTime } from '../../job/time.ts';

export interface ObservedTask {
  readonly state: TaskState;
  /** Of the task's last message. */
  readonly sequence?: Sequence;
  /** The message of the state. The index does not store messages. */
  readonly message?: string;
  /** The results; absent in the index as well. */
  readonly artifacts?: readonly ArtifactRef[] | undefined;
  readonly output?: JsonValue | undefined;
}

export interface JobSummary {
  readonly job: string;
  readonly state: JobState;
  readonly counts: Counts;
  readonly total: number;
  readonly startedAt: Instant | null;
  /** Null while a task is open. */
  readonly finishedAt: Instant | null;
  /** CamelCase; for a failed job the code of its error. */
  readonly reason: string;
  readonly message: string;
  /** Tasks that spec.suspend or Kueue stopped. */
  readonly suspended: readonly TaskIndex[];
  readonly tasks: readonly ObservedTask[];
  /** Why results wait for a review, and how to decide; absent: none does. */
  readonly review?: { readonly reason: string; readonly message: string };
}

/** `tasks` are all tasks of the job, by index; `queued` is why a queued job does not start. */
export function summarizeJob(tasks: readonly ObservedTask[], queued = 'Waiting for a worker'): JobSummary {
  const states = tasks.map(({ state }) => state);
  const counts = countStates(states);
  const state = jobState(counts);
  const { startedAt, finishedAt } = jobTimes(states);
  const { job, total } = states[0]!.of;
  const review = reviewOf(tasks);
  return {
    job,
    state,
    counts,
    total,
    startedAt,
    finishedAt,
    tasks,
    suspended: suspendedTasks(tasks),
    ...reasonFor(state, tasks, queued, review?.message),
    ...(review !== undefined && { review }),
  };
}

/** Who cancels tasks that can be resumed, for their messages. */
export const suspendedBy = { spec: 'spec.suspend of its GenerationJob', kueue: 'Kueue: its Workload is not admitted' };

const stopMessages = new Set(Object.values(suspendedBy).map((by) => `Cancelled by ${by}`));

const suspendedTasks = (tasks: readonly ObservedTask[]): TaskIndex[] =>
  tasks.flatMap(({ state, message }) =>
    state.state === 'cancelled' && stopMessages.has(message ?? '') ? [state.of.task] : [],
  );

/** For these states the summary needs the messages or results of the tasks. */
export const needsMessages = (state: JobState): boolean =>
  state !== 'queued' && state !== 'running' && state !== 'waiting';

function reasonFor(
  state: JobState,
  tasks: readonly ObservedTask[],
  queued: string,
  review = 'Waiting for review',
): { reason: string; message: string } {
  switch (state) {
    case 'queued':
      return { reason: 'Queued', message: queued };
    case 'running':
      return { reason: 'Running', message: 'A worker is running it' };
    case 'waiting':
      return { reason: 'Waiting', message: 'Waiting for the next attempt' };
    case 'needs_review':
      return { reason: 'AwaitingReview', message: review };
    case 'succeeded':
      return { reason: 'Succeeded', message: tasks.length === 1 ? 'Succeeded' : `All ${tasks.length} tasks succeeded` };
    case 'failed':
    case 'cancelled':
      return endReason(state, tasks);
    default:
      return state satisfies never;
  }
}

/** The command comes first: a long message is cut off at its end. */
function reviewOf(tasks: readonly ObservedTask[]): JobSummary['review'] {
  const inReview = tasks.flatMap(({ state, message }) => (state.state === 'needs_review' ? [{ state, message }] : []));
  const [first] = inReview.toSorted((a, b) => urgencyOf(a.state) - urgencyOf(b.state));
  if (first === undefined) return undefined;
  const { of, run, dueAt, reason } = first.state;
  const command = `kubectl genwarden review ${of.job} approve --task ${of.task} --run ${run} -n ${of.tenant}`;
  const more = inReview.length === 1 ? '' : `; ${inReview.length} results wait for a review`;
  const why = first.message === undefined || reason === 'AwaitingReview' ? '' : `. ${first.message}`;
  const message = `Decide with \`${command}\` (or reject, or tweak) until ${isoTime(dueAt)}${more}${why}`;
  return { reason, message };
}

/** What was flagged says most about what to do. */
const urgencyOf = ({ reason }: NeedsReview): number => ['Flagged', 'CheckFailed', 'AwaitingReview'].indexOf(reason);

/** The most frequent reason among the tasks in this state; on a tie, the first. */
function endReason(state: 'failed' | 'cancelled', tasks: readonly ObservedTask[]): { reason: string; message: string } {
  const ended = tasks.filter((task) => task.state.state === state);
  const tally = new Map<string, number>();
  for (const { state: each } of ended) tally.set(each.reason, (tally.get(each.reason) ?? 0) + 1);
  const [reason] = [...tally].reduce((best, each) => (each[1] > best[1] ? each : best));
  const first = ended.find((task) => task.state.reason === reason)!;
  const message = first.message ?? reason;
  if (tasks.length === 1) return { reason, message };
  return { reason, message: `${ended.length} of ${tasks.length} tasks ${state}; ${nameOf(first)}: ${message}` };
}

const nameOf = ({ state }: ObservedTask): string =>
  state.of.name === null ? `task ${state.of.task}` : `task ${state.of.task} (${state.of.name})`;
