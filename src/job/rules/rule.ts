// What a rule is: a pure look at one observed task, with a verdict where the rule has something to say.

import type { TaskError } from '../errors/index.ts';
import type { Instant, OpenTask, TaskState } from '../task.ts';

/** What an observer knows of a worker, by its own monotonic clock. */
export interface ObservedWorker {
  /** ms since its last heartbeat. */
  readonly silentFor: number;
  /** Its connection closed and it did not come back within the hold. */
  readonly connectionLost: boolean;
  /** The number of its last heartbeat. */
  readonly beat: number;
  /** Consecutive beats, up to the last one, that did not list the given task. */
  readonly beatsWithout: (job: string, task: number) => number;
}

export interface World {
  /** Undefined for a worker that was never heard of. */
  readonly worker: (name: string) => ObservedWorker | undefined;
  /** ms of silence after which a worker counts as lost. */
  readonly heartbeatTimeout: number;
  /** During an outage nobody is judged by silence. */
  readonly outage: boolean;
  /** ms by which overdue work may be late: results that waited for a connection land first. */
  readonly grace: number;
}

export interface ObservedTask {
  readonly task: OpenTask;
  /** ms, by the observer's monotonic clock, since it saw this state. */
  readonly seenFor: number;
  /** The queue lost the message: seen so by two looks half a minute apart. */
  readonly messageMissing?: boolean;
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
  readonly lookAgainAt: Instant;
}

export type Verdict = Write | Nothing;

/** `random` in [0, 1) feeds the jitter of backoffs. */
export type Rule = (seen: ObservedTask, world: World, now: Instant, random: number) => Verdict | undefined;
