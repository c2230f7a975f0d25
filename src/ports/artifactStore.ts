// Stores the bytes that tasks read or produce, per tenant and by digest, for as long as jobs are kept.

import type { Readable } from 'node:stream';

export interface StoredArtifact {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: number;
}

/** What moves in one direction. */
export interface Traffic {
  /** Bytes that were asked for or sent, and have not arrived. Bounded. */
  readonly bytes: number;
  /** Transfers that wait for their turn. */
  readonly waiting: number;
}

/** Many transfers take turns: a slow reader, or one that is gone, delays no other. */
export interface ArtifactStore {
  /**
   * Stores bytes; storing the same bytes again only renews their retention. Throws `ArtifactStoreFailed`, `StorageFull` or
   * `Unavailable`, or the signal's reason.
   */
  put(tenant: string, bytes: Uint8Array, mediaType: string, signal?: AbortSignal): Promise<StoredArtifact>;
  /** The tenant's artifact with this digest, or undefined. */
  find(tenant: string, digest: string): Promise<StoredArtifact | undefined>;
  /**
   * All bytes, checked against the digest; undefined if the artifact is not stored. They belong to the caller, who may free them.
   * Throws `ArtifactStoreFailed`, `Unavailable`, or the signal's reason.
   */
  read(tenant: string, digest: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * The bytes from `start` to `end` inclusive, or all, as a stream that reads only what its consumer takes; undefined if the
   * artifact is not stored. Destroying it frees everything.
   */
  stream(tenant: string, digest: string, range?: { start: number; end: number }): Promise<Readable | undefined>;
  delete(tenant: string, digest: string): Promise<void>;
  traffic(): { readonly read: Traffic; readonly write: Traffic };
  /** Throws `StorageFull` while there is no room for another artifact. Cheap: NATS is asked at most once a second. */
  checkRoom(): Promise<void>;
}
