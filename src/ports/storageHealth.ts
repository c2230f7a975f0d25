// What this process knows about full storage, from the outcome of every write.

import type { FullStorage } from '../job/storage.ts';

export interface StorageHealth {
  /** The storage that refuses most; undefined while everything is stored, as far as this process knows. */
  full(): FullStorage | undefined;
  /** Calls back when a storage becomes full, or has room again. Returns a function that removes the listener. */
  onChange(listener: () => void): () => void;
}

/** Watches the disk of the NATS server, in a process that runs next to it. */
export interface DiskWatch {
  /** How full the disk is, without a full stop, while only its reserve for statuses is left. */
  onReserve(): string | undefined;
  /** Calls back when that changes. Returns a function that removes the listener. */
  onChange(listener: () => void): () => void;
}
