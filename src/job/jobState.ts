// State, progress and times of a job. They are derived from its tasks and never stored.

import { latestEnd } from './budgets.ts';
import { isHeld, isOpen, taskStates, type Instant, type TaskState, type TaskStateName } from './task.ts';

export type JobState = TaskStateName;
export type Counts = Readonly<Record<TaskStateName, number>>;

const none = Object.fromEntries(taskStates.map((state) => [state, 0])) as Record<TaskStateName, number>;

export function countStates(tasks: Iterable<TaskState>): Counts {
  const counts = { ...none };
  for (const task of tasks) if (task.state !== 'deleted') counts[task.state] += 1;
  return counts;
}

/** `running` if any task is, else the first of queued, waiting and needs_review; if no task is open, the worst outcome. */
export function jobState(counts: Counts): JobState {
  const order = ['running', 'queued', 'waiting', 'needs_review', 'failed', 'cancelled'] as const;
  return order.find((state) => counts[state] > 0) ?? 'succeeded';
}

/**
 * Whether the job waits for nothing but a reviewer: nothing changes until somebody decides, or a time limit ends. Then a client
 * that waits for the job gets its answer.
 */
export function awaitsReview(tasks: readonly TaskState[]): boolean {
  const held = tasks.filter(isHeld);
  const isOther = (task: TaskState): boolean => isOpen(task) && task.state !== 'needs_review' && !isHeld(task);
  if (tasks.some(isOther)) return false;
  const inReview = new Set(tasks.flatMap(({ state, of }) => (state === 'needs_review' ? [of.task] : [])));
  if (inReview.size === 0) return false;
  const blocked = new Set(inReview);
  // A task that waits for a reviewed one, directly or through others, waits for the reviewer too.
  for (let before = -1; before !== blocked.size;) {
    before = blocked.size;
    for (const { of } of held) if (of.after?.some((parent) => blocked.has(parent)) === true) blocked.add(of.task);
  }
  return held.every(({ of }) => blocked.has(of.task));
}

export interface JobTimes {
  readonly submittedAt: Instant;
  readonly startedAt: Instant | null;
  /** When the last task became terminal; null while a task is open. */
  readonly finishedAt: Instant | null;
  /** When the job will be terminal at the latest. */
  readonly deadlineAt: Instant;
  readonly expiresAt: Instant;
}

/** `tasks` are all tasks of the job. */
export function jobTimes(tasks: readonly TaskState[]): JobTimes {
  const { submittedAt, expiresAt } = tasks[0]!.of;
  const starts = tasks.flatMap((task) => task.startedAt ?? []);
  const ends = tasks.map((task) => (isOpen(task) ? null : task.finishedAt));
  return {
    submittedAt,
    startedAt: starts.length === 0 ? null : Math.min(...starts),
    finishedAt: ends.includes(null) ? null : Math.max(...(ends as number[])),
    deadlineAt: Math.max(...tasks.map((task) => (isOpen(task) ? latestEnd(task) : task.finishedAt))),
    expiresAt,
  };
}

/** The mean progress, 0 to 1. A terminal task counts as done; `running` returns the reported progress of a running one. */
export function progressFraction(tasks: readonly TaskState[], running: (task: number) => number): number {
  const done = tasks.map((task) => (isOpen(task) ? (task.state === 'running' ? running(task.of.task) : 0) : 1));
  return done.reduce((sum, part) => sum + part, 0) / tasks.length;
}

/** Why the first failed task failed; of those that failed by themselves, if there are any. Undefined if none failed. */
export function failureReason(tasks: readonly TaskState[]): string | undefined {
  const reasons = tasks.flatMap(({ state, reason }) => (state === 'failed' ? [reason] : []));
  return reasons.find((reason) => reason !== 'DependencyFailed') ?? reasons[0];
}
