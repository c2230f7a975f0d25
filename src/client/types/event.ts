// The events of event streams.

import type { ListedJob, State, Target, WaitingFor } from './job.ts';

/** A transition. The error and the artifacts are in the job. */
export interface TaskChange {
  sequence: number;
  at: string;
  job: string;
  task: number;
  name: string | null;
  pool: string;
  /** `deleted`: the job was deleted, and is 404 from now on. No `job` event follows. */
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

export interface TaskProgress {
  job: string;
  task: number;
  worker: string;
  /** 0 to 1. */
  progress: number;
  /** Only in the events of one job: the next piece of the text that the task has so far. */
  partial?: PartialText;
}

/** Not a result: another attempt may follow, and begins a new text at offset 0. */
export interface PartialText {
  run: number;
  attempt: number;
  /** Where the piece belongs in the text, in UTF-16 code units. 0: what came before does not count any more. */
  offset: number;
  text: string;
}

/**
 * `id` is the position after the event: pass it as `lastEventId` to resume. The snapshot of a finished job has none, because nothing
 * follows it.
 */
export type JobEvent<Snapshot = OpenJobs> =
  | { event: 'snapshot'; id?: string; data: Snapshot }
  | { event: 'task'; id: string; data: TaskChange }
  /** The job after its newest transition. */
  | { event: 'job'; id: string; data: ListedJob }
  | { event: 'progress'; data: TaskProgress }
  /** Only in the events of one job: what a task waits for has changed, although its state has not. */
  | { event: 'waiting'; data: { job: string; task: number; waitingFor: WaitingFor | null } }
  /** Too many events were missed: a snapshot follows. */
  | { event: 'reset'; data: { reason: string } };
