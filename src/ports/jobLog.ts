// The stream of all tasks. Each task is a linear log in it, and every write to a task is conditional on the log's last message.

import type { JobId, TaskIndex } from '../job/ids.ts';
import type { Instant, Sequence, TaskDetail, TaskRequest, TaskState, TaskWrite, SpecWrite } from '../job/task.ts';

/** The address of a task's log. The job's pool is part of it, and never changes. */
export interface TaskAddress {
  readonly pool: string;
  readonly job: JobId;
  readonly task: TaskIndex;
}

/** One message of a task's log. */
export interface LogEntry {
  readonly sequence: Sequence;
  /** When the server stored it. */
  readonly at: Instant;
  readonly writeId: string;
  readonly state: TaskState;
}

export interface DetailedEntry extends LogEntry {
  readonly detail: TaskDetail;
}

/** A job as read from the stream: for each task, by index, its last message and its newest request. */
export interface JobRecord {
  readonly job: JobId;
  readonly tasks: readonly TaskRecord[];
}

export interface TaskRecord {
  readonly last: DetailedEntry;
  readonly request: TaskRequest;
}

export type SubmitOutcome =
  | { readonly outcome: 'stored'; readonly entries: readonly LogEntry[] }
  /** The job ID is taken; `digest` identifies the submit that took it. */
  | { readonly outcome: 'exists'; readonly digest: string }
  /** Another open job holds the concurrency key. */
  | { readonly outcome: 'conflict'; readonly holder: JobId };

export type WriteOutcome =
  | { readonly outcome: 'written'; readonly entry: LogEntry }
  /** Another writer was first. `last` is the last message, from the stream's leader; undefined if the task has no messages. */
  | {
      readonly outcome: 'refused';
      readonly last: DetailedEntry | undefined;
      /** This write: it was stored, its answer was lost, and others wrote over it before it was sent again. */
      readonly overtaken?: LogEntry;
    };

/** A follower's position. `epoch` distinguishes a stream from one of the same name that replaced it. */
export interface Position {
  readonly epoch: string;
  readonly sequence: Sequence;
}

export type FollowEvent =
  /** `straggler`: read by itself at the start; the messages after it were not read. */
  | { readonly event: 'entry'; readonly entry: LogEntry; readonly straggler?: true }
  /** A message of a newer major schema, which only newer processes can read. */
  | { readonly event: 'newer'; readonly sequence: Sequence }
  /** Everything stored when the stream was last asked has been delivered. */
  | { readonly event: 'caughtUp'; readonly position: Position }
  /** The follower is behind by an unknown amount, or disconnected. */
  | { readonly event: 'lagging'; readonly reason: string }
  /** The stream was replaced: forget everything. */
  | { readonly event: 'reset'; readonly epoch: string };

export type FollowFrom =
  /** Or earlier, so that at least this many messages are delivered; default 100,000. */
  | { readonly from: 'watermark'; readonly atLeast?: number }
  /** Continues after this sequence; a position of another epoch starts at the watermark with a `reset`. */
  | { readonly from: 'position'; readonly position: Position };

/** No open task has its newest message below this sequence, except for the stragglers. */
export interface Watermark {
  readonly epoch: string;
  readonly sequence: Sequence;
  readonly stragglers: readonly TaskAddress[];
}

export interface StreamHealth {
  readonly position: Position;
  readonly bytes: number;
  /** The stream's limit, bytes; -1 for none. */
  readonly maxBytes: number;
  readonly messages: number;
}

export interface JobLog {
  /**
   * Stores all tasks of a new job, or none. Throws `Unavailable` when NATS does not answer in time (the job may be
   * stored: the same call again is safe), and `StorageFull` if the stored messages and those that open tasks may still write
   * would take more than 85 % of the stream's storage.
   */
  submit(specs: readonly SpecWrite[]): Promise<SubmitOutcome>;
  /**
   * The only way a task changes. `expected` is the sequence of the task's last message as the caller saw it. Lost answers
   * and writes in flight are settled inside; throws `Unavailable` when NATS does not answer in time. A new run of a job
   * with a concurrency key takes the key again; throws `ConcurrencyConflict` if another open job holds it. Throws
   * `InternalError` for a task that was last written by a newer major version, and does not change it.
   */
  write(next: TaskWrite, expected: Sequence): Promise<WriteOutcome>;
  /** The last message of a task, from the stream's leader. */
  last(address: TaskAddress): Promise<DetailedEntry | undefined>;
  /** The newest request of a task, from the stream's leader; a requeue publishes it again. */
  request(address: TaskAddress): Promise<TaskRequest | undefined>;
  /** A whole job; undefined only if the stream's leader does not have it. `pool` makes the search cheaper. */
  read(job: JobId, pool?: string): Promise<JobRecord | undefined>;
  /** Every message of every task of the job, oldest first per task. */
  history(job: JobId, pool?: string): Promise<readonly DetailedEntry[]>;
  /** The stream's messages without bodies. Ends or throws only when `signal` aborts. */
  follow(from: FollowFrom, signal: AbortSignal): AsyncIterable<FollowEvent>;
  /** The newest watermark; undefined if none has been saved yet. */
  watermark(): Promise<Watermark | undefined>;
  saveWatermark(mark: Watermark): Promise<void>;
  health(): Promise<StreamHealth>;
  /** Drops every message of the job up to the tombstones that the caller has written. */
  purge(job: JobId, pool: string): Promise<void>;
}
