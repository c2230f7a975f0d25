// What a job is, derived from its tasks and never stored: state, progress, times.

import { latestEnd } from './budgets.ts';
import { isOpen, taskStates, type Instant, type TaskState, type TaskStateName } from './task.ts';

export type JobState = TaskStateName;
export type Counts = Readonly<Record<TaskStateName, number>>;

export function countStates(tasks: Iterable<TaskState>): Counts {
  const counts = Object.fromEntries(taskStates.map((state) => [state, 0])) as Record<TaskStateName, number>;
  for (const task of tasks) if (task.state !== 'deleted') counts[task.state] += 1;
  return counts;
}

/** `running` if any task runs, else the first of queued, waiting, needs_review; when none is open the worst outcome. */
export function jobState(counts: Counts): JobState {
  const order = ['running', 'queued', 'waiting', 'needs_review', 'failed', 'cancelled'] as const;
  return order.find((state) => counts[state] > 0) ?? 'succeeded';
}

export interface JobTimes {
  readonly submittedAt: Instant;
  readonly startedAt: Instant | null;
  /** The moment the last task became terminal, or null while one is open. */
  readonly finishedAt: Instant | null;
  /** The latest moment by which the job will be terminal. */
  readonly deadlineAt: Instant;
  readonly expiresAt: Instant;
}

/** The times of a job; `tasks` are all its tasks, at least one. */
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

/** The mean of the tasks' progress, 0 to 1: terminal ones are done, running ones are as far as their worker says. */
export function progressFraction(tasks: readonly TaskState[], running: (task: number) => number): number {
  const done = tasks.map((task) => (isOpen(task) ? (task.state === 'running' ? running(task.of.task) : 0) : 1));
  return done.reduce((sum, part) => sum + part, 0) / tasks.length;
}
