// Bytes that tasks read or make, kept per tenant under their digest for as long as jobs are kept.

import type { Readable } from 'node:stream';

export interface StoredArtifact {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: number;
}

export interface ArtifactStore {
  /**
   * Stores bytes; the same bytes again only refresh their time. Throws `ArtifactStoreFailed`, `StorageFull` or
   * `Unavailable`.
   */
  put(tenant: string, bytes: Uint8Array, mediaType: string): Promise<StoredArtifact>;
  /** What is stored under the digest for this tenant, or undefined. */
  find(tenant: string, digest: string): Promise<StoredArtifact | undefined>;
  /** All bytes, checked against the digest; undefined where there are none. */
  read(tenant: string, digest: string): Promise<Uint8Array | undefined>;
  /** The bytes from `start` to `end` inclusive, or all, as a stream; undefined where there are none. */
  stream(tenant: string, digest: string, range?: { start: number; end: number }): Promise<Readable | undefined>;
  delete(tenant: string, digest: string): Promise<void>;
}
