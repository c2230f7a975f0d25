// The timeline of a job: the transitions of each task, grouped into spans of one state, with marks for faults and ends, and the
// moment by which an open task must change.

import type { Job, Task, Transition } from '../../../../client/index.ts';

export type SpanKind = 'queued' | 'running' | 'waiting' | 'held' | 'review';

/** How a span ended; `returned`: to the queue, without the fault of the task. */
export type Outcome = 'open' | 'started' | 'succeeded' | 'failed' | 'returned' | 'review' | 'cancelled';

export interface Span {
  /** The task's index and the sequence of the transition that began it: `3-4711`. */
  id: string;
  task: number;
  kind: SpanKind;
  /** ms since 1970. */
  from: number;
  /** The present while it is open. */
  to: number;
  isOpen: boolean;
  began: Transition;
  /** Undefined while it is open. */
  ended: Transition | undefined;
  outcome: Outcome;
  /** The code or reason of what it waits for; null if it only waits for its turn, or runs. */
  cause: string | null;
}

export interface Mark {
  /** ms since 1970. */
  at: number;
  kind: 'fault' | 'run' | 'succeeded' | 'failed' | 'cancelled';
  /** A code of the error catalogue, or in words what is marked. */
  text: string;
}

/** What happens to an open task by the passing of time alone. */
export interface Future {
  /** ms since 1970. */
  at: number;
  says: string;
}

export interface Row {
  task: number;
  name: string | null;
  state: string;
  spans: readonly Span[];
  marks: readonly Mark[];
  future: Future | undefined;
}

type RowTask = Pick<Task, 'index' | 'name' | 'state' | 'dueAt' | 'retryAt' | 'waitingFor'>;

/** A row for each task of the job, in its order. `history`: all transitions that are known, in any order. `now`: ms since 1970. */
export function spansOf(
  history: readonly Transition[],
  { tasks = [] }: { tasks?: readonly RowTask[] } | Pick<Job, 'tasks'>,
  now: number,
): Row[] {
  const byTask = Map.groupBy(history, ({ task }) => task);
  return tasks.map((task) => {
    const transitions = (byTask.get(task.index) ?? []).toSorted((a, b) => a.sequence - b.sequence);
    return rowOf(task, transitions, now);
  });
}

function rowOf(task: RowTask, transitions: readonly Transition[], now: number): Row {
  const { index, name, state } = task;
  const starts = transitions.filter((transition, at) => !continues(transitions[at - 1], transition));
  const times = timesOf(starts);
  const spans: Span[] = [];
  const marks: Mark[] = [];
  for (const [at, began] of starts.entries()) {
    const from = times[at]!;
    marks.push(...marksOf(began, from));
    const kind = kindOf(began);
    if (kind === undefined) continue;
    const ended = starts[at + 1];
    const isOpen = ended === undefined;
    const to = isOpen ? Math.max(from, now) : times[at + 1]!;
    const cause = causeOf(kind, began, isOpen ? task : undefined);
    const outcome = outcomeOf(ended);
    spans.push({ id: `${index}-${began.sequence}`, task: index, kind, from, to, isOpen, began, ended, outcome, cause });
  }
  return { task: index, name, state, spans, marks, future: futureOf(task) };
}

/** A task that waits for others stays in its state when it gets more time. */
const continues = (before: Transition | undefined, { state, reason }: Transition): boolean =>
  before?.state === 'waiting' && state === 'waiting' && before.reason === 'AwaitingTasks' && reason === 'AwaitingTasks';

/** The clocks of servers may differ by moments: no span ends before it begins. */
function timesOf(transitions: readonly Transition[]): number[] {
  let last = 0;
  return transitions.map(({ at }) => {
    last = Math.max(last, Date.parse(at));
    return last;
  });
}

function kindOf({ state, reason }: Transition): SpanKind | undefined {
  switch (state) {
    case 'queued':
    case 'running':
      return state;
    case 'waiting':
      return reason === 'AwaitingTasks' ? 'held' : 'waiting';
    case 'needs_review':
      return 'review';
    default:
      return undefined;
  }
}

/** Why a task is queued when nothing has gone wrong. */
const plainReasons: ReadonlySet<string> = new Set([
  'Submitted',
  'Retried',
  'Tweaked',
  'RetryDue',
  'DependenciesMet',
  'FellBack',
]);

function causeOf(kind: SpanKind, { reason }: Transition, openTask: RowTask | undefined): string | null {
  if (kind === 'running') return openTask?.waitingFor?.reason ?? null;
  if (kind !== 'queued') return reason;
  const present = openTask?.waitingFor?.reason ?? null;
  if (present !== null && present !== 'SlotsBusy') return present;
  return plainReasons.has(reason) ? null : reason;
}

function outcomeOf(ended: Transition | undefined): Outcome {
  switch (ended?.state) {
    case undefined:
      return 'open';
    case 'running':
      return 'started';
    case 'queued':
      return ended.reason === 'WorkerLost' || ended.reason === 'TaskOrphaned' ? 'failed' : 'returned';
    case 'waiting':
    case 'failed':
      return 'failed';
    case 'needs_review':
      return 'review';
    case 'succeeded':
      return 'succeeded';
    default:
      return 'cancelled';
  }
}

function marksOf({ state, reason, run, error }: Transition, at: number): Mark[] {
  switch (state) {
    case 'queued':
      if (reason === 'Retried' || reason === 'Tweaked') return [{ at, kind: 'run', text: `run ${run}` }];
      return plainReasons.has(reason) ? [] : [{ at, kind: 'fault', text: reason }];
    case 'waiting':
      if (reason !== 'AwaitingTasks') return [{ at, kind: 'fault', text: error?.code ?? reason }];
      return run > 1 ? [{ at, kind: 'run', text: `run ${run}` }] : [];
    case 'succeeded':
      return [{ at, kind: 'succeeded', text: reason === 'Approved' ? 'approved' : 'succeeded' }];
    case 'failed':
      return [{ at, kind: 'failed', text: error?.code ?? reason }];
    case 'cancelled':
      return [{ at, kind: 'cancelled', text: 'cancelled' }];
    default:
      return [];
  }
}

function futureOf({ state, dueAt, retryAt }: RowTask): Future | undefined {
  if (retryAt !== null) return { at: Date.parse(retryAt), says: 'the next attempt' };
  if (dueAt === null) return undefined;
  return { at: Date.parse(dueAt), says: whatIsDue(state) };
}

function whatIsDue(state: string): string {
  switch (state) {
    case 'queued':
      return 'it fails unless it has started';
    case 'running':
      return 'the attempt ends';
    case 'needs_review':
      return 'it fails unless it has been reviewed';
    default:
      return 'it changes at the latest';
  }
}
