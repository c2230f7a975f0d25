// The events of event streams.

import type { ListedJob, State, Target, WaitingFor } from './types.ts';

/** A transition. The error and the artifacts are in the job. */
export interface TaskChange {
  sequence: number;
  at: string;
  job: string;
  task: number;
  name: string | null;
  pool: string;
  state: State | 'deleted';
  run: number;
  attempt: number;
  attemptsLost: number;
  reason: string;
  worker: string | null;
  startedAt: string | null;
  dueAt: string | null;
  retryAt: string | null;
  waitingFor: WaitingFor | null;
  /** Where an open task runs or waits to run. */
  target: Target | null;
}

export interface OpenJobs {
  items: ListedJob[];
  /** False if there are more open jobs than the snapshot contains. */
  complete: boolean;
}

/** `id` is the position after the event: pass it as `lastEventId` to resume. */
export type JobEvent<Snapshot = OpenJobs> =
  | { event: 'snapshot'; id: string; data: Snapshot }
  | { event: 'task'; id: string; data: TaskChange }
  /** The job after its newest transition. */
  | { event: 'job'; id: string; data: ListedJob }
  | { event: 'progress'; data: { job: string; task: number; worker: string; /** 0 to 1. */ progress: number } }
  /** Only in the events of one job: what a task waits for has changed, although its state has not. */
  | { event: 'waiting'; data: { job: string; task: number; waitingFor: WaitingFor | null } }
  /** Too many events were missed: a snapshot follows. */
  | { event: 'reset'; data: { reason: string } };
