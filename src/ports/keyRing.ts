// The one place that admits calls to a provider, shared by all workers of a pool: requests per minute and in flight of each
// key, cool-downs per key and model, outages of a model, and budgets.

import type { Block } from '../job/block.ts';
import type { Flow } from '../job/parts.ts';
import type { ProviderAnswer, TaskError } from '../job/errors/index.ts';
import type { Instant } from '../job/task.ts';

/** A key as configured on this worker. `secret` never leaves the process. */
export interface KeySettings {
  readonly secret: string;
  readonly requestsPerMinute: number;
  readonly maxInFlight: number;
}

/** The call that a worker wants to make. */
export interface CallRequest {
  readonly model: string;
  readonly tenant: string;
  /** `<job>/<task>`: tells one failing task from a failing provider. */
  readonly task: string;
}

/** The place that a task takes while it runs, under the limits of its tenant and group. */
export interface PlaceRequest {
  /** `<job>/<task>` */
  readonly task: string;
  readonly flow: Flow;
}

/** Counts as one running task of the tenant and the group until `release`. It lapses if its process dies. */
export interface Place {
  /** The task was claimed under this place: places of its earlier attempts no longer count. */
  claimed(): void;
  /** Resolves once it is stored. A second release changes nothing. Never rejects. */
  release(): Promise<void>;
}

/** The right to make one call with a key, reserved until `release`. */
export interface HeldKey {
  readonly secret: string;
  /** A keyed fingerprint, the only form of a key in NATS and logs. */
  readonly fingerprint: string;
  /** The call probes a provider that is out. */
  readonly isProbe: boolean;
  /**
   * Counts the request; call it immediately before the request is sent. False if the key or the provider must not be used
   * any more: cooling, refused or out since the reservation, or NATS did not confirm a late request. Then release the key as
   * unused. Never rejects.
   */
  send(): Promise<boolean>;
  /** Counts one more request with the same key, such as a repair call. False if the limits do not allow it. Never rejects. */
  sendAgain(): Promise<boolean>;
  /**
   * Ends the hold. Resolves once the outcome is stored, or after a few seconds without an answer from NATS. A second release
   * changes nothing. Never rejects.
   */
  release(outcome: KeyOutcome): Promise<Verdict>;
}

export type KeyOutcome =
  /** The provider answered. `cost` is what the call costs, in the currency of the pool's prices. */
  | { readonly outcome: 'used'; readonly cost?: number }
  /** No request was sent, so it is returned to the limit. */
  | { readonly outcome: 'unused' }
  /** The request was sent, but this process stopped waiting for the answer: a timeout, a cancellation or a shutdown. */
  | { readonly outcome: 'aborted'; readonly cost?: number }
  | { readonly outcome: 'failed'; readonly error: TaskError; readonly cost?: number };

export interface Verdict {
  /** The failure belongs to a known outage of the provider and does not count against the task. */
  readonly outage: boolean;
}

export interface KeyState {
  readonly pool: string;
  readonly fingerprint: string;
  /** The state for all models: `cooling` only if it is the same for every model that was called. */
  readonly state: 'ready' | 'cooling' | 'busy' | 'refused';
  /** When a cooling or refused key may be used again. */
  readonly until: Instant | null;
  /** The error's code. */
  readonly cause: string | null;
  /** The provider's answer and words that refused or cooled the key. */
  readonly provider: ProviderAnswer | null;
  readonly message: string;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly requestsPerMinute: number;
  /** Requests that all workers sent with it in the last minute, or reserved to send them next. */
  readonly callsLastMinute: number;
  /** Requests that the limit per minute allows at once. */
  readonly requestsLeft: number;
  /** The models for which this key is not usable at present. */
  readonly models: readonly KeyModelState[];
}

export interface KeyModelState {
  readonly model: string;
  /** `exhausted`: the quota of the day is used up. `noQuota`: the key has no quota of this model at all. */
  readonly state: 'cooling' | 'exhausted' | 'noQuota' | 'refused';
  readonly until: Instant;
  readonly cause: string;
}

/** A provider's model that fails for every task: its calls are not admitted, except for probes. */
export interface Outage {
  readonly model: string;
  readonly state: 'open' | 'probing';
  readonly since: Instant;
  /** The next probe, or the latest end of the one that is running. */
  readonly until: Instant;
  readonly provider: ProviderAnswer | null;
  readonly message: string;
  /** Failures since the outage began, as far as they were stored. */
  readonly failures: number;
}

/** What the calls of a pool, or of one of its tenants, have cost. */
export interface Spending {
  /** Null for the pool's total. */
  readonly tenant: string | null;
  /** In the currency of the pool's prices, since the start of the UTC day and month. */
  readonly day: number;
  readonly month: number;
  readonly limits: Budget;
  readonly dayEndsAt: Instant;
  readonly monthEndsAt: Instant;
}

/** The most that may be spent in a UTC day and month. */
export interface Budget {
  readonly day?: number;
  readonly month?: number;
}

export interface KeyRing {
  /**
   * Resolves once at least one call of one of the models would probably be admitted, with the number of such calls (at least
   * 1). Rejects with the signal's reason.
   */
  untilRoom(pool: string, models: readonly string[], signal: AbortSignal): Promise<number>;
  /**
   * Reserves one call of this model; never waits for room. Answers with the block if no key admits it. Tell the two apart by
   * `'secret' in answer`. Rejects if NATS does not answer for some seconds.
   */
  reserve(pool: string, call: CallRequest): Promise<HeldKey | Block>;
  /**
   * Takes a place for a task that is about to be claimed. Answers with the block if its tenant or group has none left. Tell the two
   * apart by `'release' in answer`. Rejects if NATS does not answer for some seconds.
   */
  takePlace(pool: string, request: PlaceRequest): Promise<Place | Block>;
  /** From memory: how many more tasks of the flow may run now; Infinity without a limit. */
  room(pool: string, flow: Flow): number;
  state(pool: string): Promise<readonly KeyState[]>;
  /** From memory: why no task of this tenant and group may run with this model now; undefined if one may. */
  block(pool: string, model: string, tenant: string, group?: string): Block | undefined;
  /** From memory: the models of the pool that are out. */
  outages(pool: string): readonly Outage[];
  /** From memory: what the pool and each of its tenants spent, for pools with prices. */
  spending(pool: string): readonly Spending[];
  /** Calls the listener whenever a record of a pool changed, until the signal aborts. */
  onChange(listener: (pool: string) => void, signal: AbortSignal): void;
}
