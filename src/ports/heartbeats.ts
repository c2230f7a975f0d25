// Heartbeats from workers, and cancellations to workers. Nothing is stored.

import type { AttemptPhase } from '../job/attemptPhase.ts';
import type { JobId, TaskIndex } from '../job/ids.ts';
import type { FullStorage } from '../job/storage.ts';
import type { Instant, Sequence } from '../job/task.ts';

export interface BeatTask {
  readonly job: JobId;
  readonly task: TaskIndex;
  /** The sequence of the claim; 0 while the claim is in flight. */
  readonly claim: Sequence;
  /** 0 to 1: what the provider reported, or an estimate while the call lasts no longer than usual. */
  readonly progress: number;
  /** What the worker does for the task; absent before its attempt has started. */
  readonly phase?: AttemptPhase;
  /** How long the provider has had the call, ms; absent before it was sent and after it was answered. */
  readonly waited?: number;
  /** How long calls of this model usually take on this worker, ms; absent until it has seen a few. */
  readonly usual?: { readonly p50: number; readonly p95: number };
}

/** What a worker found when it last called its provider to check its keys, which generates nothing. */
export interface ProviderCheck {
  /** Where its calls go. */
  readonly address: string;
  /** False: its settings forbid the check. */
  readonly enabled: boolean;
  /** When it began; null before the first. */
  readonly at: Instant | null;
  readonly keys: readonly CheckedKey[];
}

export interface CheckedKey {
  readonly fingerprint: string;
  /** `limited`: accepted, but over a limit. `unclear`: the provider answers, but not to this question. */
  readonly outcome: 'accepted' | 'refused' | 'limited' | 'unclear' | 'failed';
  readonly ms: number;
  /** The error, without the key; empty for an accepted one. */
  readonly says: string;
}

export interface Beat {
  readonly worker: string;
  readonly pool: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: Instant;
  /** 1 for the worker's first heartbeat. */
  readonly number: number;
  /** Every held task, from before its claim until its final write is answered. */
  readonly tasks: readonly BeatTask[];
  readonly slots: { readonly total: number; readonly busy: number; readonly leaked: number };
  /** The longest block of the event loop since the last heartbeat, ms. */
  readonly eventLoopLag: number;
  /** Resident memory, bytes. */
  readonly memory: number;
  /** What attempts have taken of the memory that they may use, bytes; absent in heartbeats of older workers. */
  readonly attemptMemory?: { readonly used: number; readonly limit: number };
  readonly draining: boolean;
  /** It has ended, and this is its last heartbeat; absent in others, and in those of older workers. */
  readonly stopped?: true;
  /** It serves so many tenant parts of each priority; absent in heartbeats of older workers, and while a part has no consumer. */
  readonly parts?: number;
  /** A stand-in of Genwarden answers its calls, not the provider; absent in others, and in heartbeats of older workers. */
  readonly standIn?: true;
  /** The fingerprints of the keys that it uses; absent in heartbeats of older workers. */
  readonly keys?: readonly string[];
  /** Absent in heartbeats of older workers, and of those that cannot check their provider. */
  readonly provider?: ProviderCheck;
  /** The storage that is full, as this worker knows it; absent while everything is stored. */
  readonly storage?: FullStorage | undefined;
  /** The NATS connection that carries this heartbeat. */
  readonly connection: { readonly server: string; readonly client: number };
}

export type BeatEvent =
  | { readonly event: 'beat'; readonly beat: Beat }
  /** The worker's connection closed, and neither a heartbeat nor a CONNECT with its name arrived within the hold. */
  | { readonly event: 'connectionLost'; readonly worker: string; readonly reason: string }
  /** This process's own connection was lost, or is back. */
  | { readonly event: 'observerDisconnected' }
  | { readonly event: 'observerReconnected' };

/** Asks a worker to stop an attempt because it no longer owns the task. */
export interface Cancellation {
  readonly job: JobId;
  readonly task: TaskIndex;
  readonly claim: Sequence;
  readonly reason: string;
}

export interface Heartbeats {
  /** Sends a heartbeat, with `connection` filled in. Dropped silently while the connection is down. */
  beat(beat: Omit<Beat, 'connection'>): void;
  watch(signal: AbortSignal): AsyncIterable<BeatEvent>;
  /** Asks all workers to check their provider; each reports what it finds in a heartbeat. False while the connection is down. */
  requestProviderChecks(): boolean;
  /** Sends a cancellation. Dropped silently while the connection is down, so the controller repeats it after each heartbeat. */
  sendCancellation(worker: string, cancellation: Cancellation): void;
  cancellations(worker: string, signal: AbortSignal): AsyncIterable<Cancellation>;
}
