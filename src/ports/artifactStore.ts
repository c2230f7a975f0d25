// Stores the bytes that tasks read or produce, per tenant and by digest, for as long as jobs are kept.

import type { Readable } from 'node:stream';
import type { JobId, TaskIndex } from '../job/ids.ts';
import type { Instant } from '../job/time.ts';

export interface StoredArtifact {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** Where the store keeps the bytes of a place, if it names objects by place. A status records it. */
  readonly path?: string;
}

/** Which artifact of which task the bytes are. */
export interface Place {
  readonly job: JobId;
  readonly task: TaskIndex;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The bytes are kept at least this long. */
  readonly expiresAt: Instant;
}

export interface PutOptions {
  /** Absent for references: any job of the tenant may use them, so that no deleted job removes them. */
  readonly place?: Place;
  readonly signal?: AbortSignal;
}

/** The job that is deleted, and where a status says that its artifact is. */
export interface Owner {
  readonly job: JobId;
  readonly path?: string | undefined;
}

/** A URL at which the store itself serves an artifact for a while. */
export interface ArtifactLink {
  readonly tenant: string;
  readonly digest: string;
  readonly path?: string | undefined;
  readonly mediaType: string;
  /** The Content-Disposition of the answer. */
  readonly disposition: string;
  readonly expiresInMs: number;
}

/** What one step of the clean-up deleted, by kind. */
export interface Swept {
  readonly deleted: Readonly<Partial<Record<'results' | 'references' | 'uploads', number>>>;
  /** This step ended a round through the whole store. */
  readonly finished: boolean;
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
   * Stores bytes; storing the same bytes again only renews their retention. Throws `ArtifactStoreFailed`, `StorageFull`,
   * `ArtifactStoreUnavailable` or `Unavailable`, as every other call does, or the signal's reason.
   */
  put(tenant: string, bytes: Uint8Array, mediaType: string, options?: PutOptions): Promise<StoredArtifact>;
  /**
   * Keeps an artifact as a reference at least until `until`, whichever job is deleted meanwhile; undefined if it is not stored.
   * When this has returned, a job that needs it until then can be accepted.
   */
  keep(tenant: string, digest: string, until: Instant): Promise<StoredArtifact | undefined>;
  /** The tenant's artifact with this digest, or undefined. `path`: as its status records it. */
  find(tenant: string, digest: string, path?: string): Promise<StoredArtifact | undefined>;
  /**
   * All bytes, checked against the digest; undefined if the artifact is not stored. They belong to the caller, who may free them.
   * Throws `ArtifactStoreFailed`, `Unavailable`, or the signal's reason.
   */
  read(tenant: string, digest: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * The bytes from `start` to `end` inclusive, or all, as a stream that reads only what its consumer takes; undefined if the
   * artifact is not stored. Destroying it frees everything.
   */
  stream(
    tenant: string,
    digest: string,
    range?: { start: number; end: number },
    path?: string,
  ): Promise<Readable | undefined>;
  /** Deletes the bytes, unless another job of the tenant uses them. Without an owner it always deletes them. */
  delete(tenant: string, digest: string, owner?: Owner): Promise<void>;
  /** Undefined if the artifact is not stored. Absent if clients cannot reach the store. */
  link?(link: ArtifactLink): Promise<string | undefined>;
  /**
   * One bounded step of deleting what has expired; nothing that an unexpired job uses. Absent if the store does it by itself. Only one
   * process needs to call it.
   */
  sweep?(): Promise<Swept>;
  traffic(): { readonly read: Traffic; readonly write: Traffic };
  /** Throws while the store takes no further artifact. Cheap: the store is asked at most once a second. */
  checkRoom(): Promise<void>;
}
