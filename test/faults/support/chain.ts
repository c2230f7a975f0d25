// Checks a task's history against the core: the transitions of src/job must produce each message from the one before it.

import { isDeepStrictEqual } from 'node:util';
import { violatedBy } from '../../../src/controller/invariants.ts';
import type { TaskErrorCode } from '../../../src/job/errors/index.ts';
import {
  isHeld,
  type Held,
  type OpenTask,
  type Queued,
  type Running,
  type TaskState,
  type Waiting,
} from '../../../src/job/task.ts';
import * as transitions from '../../../src/job/transitions.ts';
import type { DetailedEntry } from '../../../src/ports/jobLog.ts';
import { adopt } from '../../../src/worker/adopt.ts';

/** The errors in the messages of one task, oldest first, one sentence each. */
export function faultsOf(entries: readonly DetailedEntry[]): string[] {
  const faults: string[] = [];
  const first = entries[0]!.state;
  if (!isSame(transitions.submitted(first.of), first)) faults.push(`begins with ${describe(first)}`);
  for (const [index, next] of entries.entries()) {
    const before = entries[index - 1];
    const broken = violatedBy({ before, after: next });
    faults.push(...broken.map((invariant) => `${invariant} at ${describe(next.state)}`));
    if (before === undefined) continue;
    if (callsOf(next.state) < callsOf(before.state)) faults.push(`forgets calls at ${describe(next.state)}`);
    if (!ways(before, next.state, entries.slice(0, index)).some((way) => isSame(way, next.state))) {
      faults.push(`no transition leads from ${describe(before.state)} to ${describe(next.state)}`);
    }
  }
  return faults;
}

const callsOf = ({ spent }: TaskState): number => spent?.calls ?? 0;

/** Apart from what the attempt spent, which only its worker knows, and the part of the queue, which depends on other tasks. */
const isSame = (one: TaskState, other: TaskState): boolean =>
  isDeepStrictEqual({ ...one, spent: undefined, part: undefined }, { ...other, spent: undefined, part: undefined });

const describe = (state: TaskState): string => JSON.stringify({ ...state, of: undefined });

/** Every state to which `before` may be left at the moment of `next`, for the reason that `next` gives. */
function ways(before: DetailedEntry, next: TaskState, earlier: readonly DetailedEntry[]): TaskState[] {
  const { state } = before;
  const { since: now } = next;
  switch (state.state) {
    case 'queued':
      return [...fromQueued(state, next), ...fromAnyOpen(state, next), ...adopted(before, next, earlier)];
    case 'waiting':
      if (isHeld(state)) return [...fromHeld(state, next), ...fromAnyOpen(state, next)];
      return [...requeues(state, next), ...fromAnyOpen(state, next), ...adopted(before, next, earlier)];
    case 'running':
      return [...fromRunning(state, next), ...fromAnyOpen(state, next)];
    case 'needs_review':
      return [
        transitions.approved(state, now),
        transitions.rejected(state, now),
        transitions.newRun(state, 'Tweaked', now),
        ...fromAnyOpen(state, next),
      ];
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      if (isHeld(next)) return [transitions.newHeldRun(state, next.dueAt, now)];
      return [transitions.newRun(state, 'Retried', now), transitions.deleted(state, now)];
    case 'deleted':
      return [];
    default:
      return state satisfies never;
  }
}

function fromAnyOpen(state: OpenTask, next: TaskState): TaskState[] {
  const { since: now } = next;
  const failed = transitions.failed(state, next.reason as TaskErrorCode, now);
  // A loss that ends the task is counted like one that does not.
  const counted = { ...failed, attemptsLost: failed.attemptsLost + 1 };
  return [failed, transitions.cancelled(state, now), ...(state.state === 'running' ? [counted] : [])];
}

function fromQueued(state: TaskState & { state: 'queued' }, next: TaskState): TaskState[] {
  const claim = next.state === 'running' ? [transitions.claimed(state, next.worker, next.beat, next.since)] : [];
  return [...claim, ...requeues(state, next)];
}

function fromRunning(state: TaskState & { state: 'running' }, next: TaskState): TaskState[] {
  const { since: now } = next;
  const retry =
    next.state === 'waiting' && !isHeld(next)
      ? [transitions.waiting(state, next.reason as TaskErrorCode, next.retryAt, now)]
      : [];
  const returned = transitions.returned(state, next.reason, now);
  return [
    ...retry,
    returned,
    transitions.succeeded(state, now),
    ...reviewReasons.map((reason) => transitions.toReview(state, now, reason)),
    ...requeues(state, next),
  ];
}

const reviewReasons = ['AwaitingReview', 'Flagged', 'CheckFailed'] as const;

function fromHeld(state: Held, next: TaskState): TaskState[] {
  return isHeld(next) ? [transitions.extended(state, next.dueAt)] : [transitions.released(state, next.since)];
}

function requeues(state: Queued | Running | Waiting, next: TaskState): TaskState[] {
  const costs = ['counts', 'free', 'lost'] as const;
  const requeued = costs.map((cost) => transitions.requeued(state, next.reason, cost, next.since));
  const { target = 0 } = next;
  return target > (state.target ?? 0) ? [...requeued, transitions.fellBack(state, target, next.since)] : requeued;
}

/** A late result of an earlier attempt of the same run. */
function adopted(before: DetailedEntry, next: TaskState, earlier: readonly DetailedEntry[]): TaskState[] {
  const usage = { inputTokens: 0, outputTokens: 0, durationMs: 0 };
  const endings = [
    { end: 'completed', result: { usage } },
    { end: 'completed', result: { usage, flags: [{ source: 'check', reason: '' }] } },
    { end: 'completed', result: { usage, checkFailure: '' } },
    { end: 'failed', error: { code: next.reason as TaskErrorCode, message: '', retryable: false, hint: '' } },
  ] as const;
  return earlier.flatMap(({ sequence, state, detail }) =>
    state.state !== 'running'
      ? []
      : endings.flatMap((ending) => {
          const claim = { sequence, state, request: detail.request! };
          return adopt(claim, ending, before, next.since)?.write.state ?? [];
        }),
  );
}
