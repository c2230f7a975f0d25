// What event streams tell.

import type { ListedJob, State } from './types.ts';

/** A transition, as event streams tell it: error and artifacts are in the job. */
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
}

export interface OpenJobs {
  items: ListedJob[];
  /** False where there are more open jobs than the snapshot has. */
  complete: boolean;
}

/** The id is that of the place in the stream after the event: `lastEventId` of the next call. */
export type JobEvent<Snapshot = OpenJobs> =
  | { event: 'snapshot'; id: string; data: Snapshot }
  | { event: 'task'; id: string; data: TaskChange }
  /** The job as its newest transition left it. */
  | { event: 'job'; id: string; data: ListedJob }
  | { event: 'progress'; data: { job: string; task: number; worker: string; /** 0 to 1. */ progress: number } }
  /** What was missed cannot be told one by one: a snapshot follows. */
  | { event: 'reset'; data: { reason: string } };
