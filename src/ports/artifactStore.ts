// Stores the bytes that tasks read or produce, per tenant and by digest, for as long as jobs are kept.

import type { Readable } from 'node:stream';

export interface StoredArtifact {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: number;
}

export interface ArtifactStore {
  /**
   * Stores bytes; storing the same bytes again only renews their retention. Throws `ArtifactStoreFailed`, `StorageFull` or
   * `Unavailable`.
   */
  put(tenant: string, bytes: Uint8Array, mediaType: string): Promise<StoredArtifact>;
  /** The tenant's artifact with this digest, or undefined. */
  find(tenant: string, digest: string): Promise<StoredArtifact | undefined>;
  /** All bytes, checked against the digest; undefined if the artifact is not stored. */
  read(tenant: string, digest: string): Promise<Uint8Array | undefined>;
  /** The bytes from `start` to `end` inclusive, or all, as a stream; undefined if the artifact is not stored. */
  stream(tenant: string, digest: string, range?: { start: number; end: number }): Promise<Readable | undefined>;
  delete(tenant: string, digest: string): Promise<void>;
}
