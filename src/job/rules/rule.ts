// A rule is a pure function of one observed task; it returns a verdict if it applies.

import type { Block } from '../block.ts';
import type { TaskError } from '../errors/index.ts';
import type { FullStorage } from '../storage.ts';
import type { Instant, OpenTask, TaskState } from '../task.ts';

/** What this process has observed of a worker, by its own monotonic clock. */
export interface ObservedWorker {
  /** ms since its last heartbeat. */
  readonly silentFor: number;
  /** Its connection closed and it did not reconnect within the hold. */
  readonly connectionLost: boolean;
  /** The number of its last heartbeat. */
  readonly beat: number;
  /** How many heartbeats in a row, up to the last one, did not list the task. */
  readonly beatsWithout: (job: string, task: number) => number;
}

export interface World {
  /** Undefined for an unknown worker. */
  readonly worker: (name: string) => ObservedWorker | undefined;
  /** ms of silence after which a worker counts as lost. */
  readonly heartbeatTimeout: number;
  /** During an outage silence does not count. */
  readonly outage: boolean;
  /** Why a pool admits no call of a model by a tenant; undefined if it admits one, or if nothing is known. */
  readonly block: (pool: string, model: string, tenant: string, group?: string) => Block | undefined;
  /** The storage that is full, as far as the processes know; undefined if there is room. */
  readonly storage?: () => FullStorage | undefined;
  /** ms to wait past a due time, so that results delayed by a lost connection arrive first. */
  readonly grace: number;
}

export interface ObservedTask {
  readonly task: OpenTask;
  /** ms since this process saw the state. */
  readonly seenFor: number;
  /** Two searches half a minute apart found that the queue will not deliver its message. */
  readonly messageMissing?: boolean;
  /** For a held task: the tasks in `of.after`, in that order; undefined for one that is not known. */
  readonly parents?: readonly (TaskState | undefined)[];
}

export interface Write {
  readonly do: 'write';
  readonly rule: string;
  readonly state: TaskState;
  readonly message: string;
  readonly error?: TaskError;
}

export interface Nothing {
  readonly do: 'nothing';
  readonly checkAgainAt: Instant;
}

export type Verdict = Write | Nothing;

/** `random` in [0, 1) feeds the jitter of backoffs. */
export type Rule = (seen: ObservedTask, world: World, now: Instant, random: number) => Verdict | undefined;
