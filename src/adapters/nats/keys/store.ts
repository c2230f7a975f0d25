// The records that a key ring shares with other processes, whatever stores them.

import type { Instant } from '../../../job/task.ts';
import type { Codec } from './codec.ts';

/** Returns the record to store, or the same object for no change. Called again after a conflict. */
export type Change<T> = (record: T, now: Instant) => T;

export interface Ledger<T> {
  /** The record as last seen. */
  read(): T;
  /**
   * Resolves once the change is stored; false if the store did not answer for `patienceMs`, or was closed. A change that did not
   * get an answer in time may have been stored.
   */
  change(apply: Change<T>, patienceMs: number): Promise<boolean>;
}

/** For a change that must not get lost, ms. */
export const patience = 60_000;

export interface RecordKind<T> {
  readonly codec: Codec<T>;
  /** The record to start with. */
  readonly empty: (now: Instant) => T;
}

export interface RecordStore {
  /** Opens the record of this name; the same ledger for the same name. */
  ledger<T>(name: string, kind: RecordKind<T>): Ledger<T>;
  /** The record as last seen; undefined if there is none. */
  find<T>(name: string, codec: Codec<T>): T | undefined;
  names(): Iterable<string>;
  /** Calls back with the name of each record that changed. */
  onChange(listener: (name: string) => void): void;
  /** Aborts when the store closes. */
  readonly closing: AbortSignal;
}
