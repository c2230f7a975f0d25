// Artifacts in memory. A test sees what is stored, and can delay or fail what is put.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ArtifactStore } from '../../src/ports/artifactStore.ts';

export interface FakeArtifactStore extends ArtifactStore {
  /** By `<tenant>/<digest>`. */
  readonly stored: ReadonlyMap<string, Pick<Stored, 'mediaType' | 'bytes'>>;
  /** Called before each put takes effect; throws to make it fail. */
  beforePut: (() => Promise<void>) | undefined;
  /** Throws if there is no room. */
  beforeRoom: (() => void) | undefined;
}

interface Stored {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** The jobs that made the bytes; undefined as soon as they are a reference. */
  readonly jobs: ReadonlySet<string> | undefined;
}

export function fakeArtifactStore(): FakeArtifactStore {
  const objects = new Map<string, Stored>();
  const at = (tenant: string, digest: string): string => `${tenant}/${digest}`;
  const store: FakeArtifactStore = {
    stored: objects,
    beforePut: undefined,
    beforeRoom: undefined,
    put: async (tenant, bytes, mediaType, { place, signal } = {}) => {
      signal?.throwIfAborted();
      if (store.beforePut !== undefined) await store.beforePut();
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      const known = objects.get(at(tenant, digest));
      const others = known === undefined ? new Set<string>() : known.jobs;
      const jobs = place === undefined || others === undefined ? undefined : new Set([...others, place.job]);
      objects.set(at(tenant, digest), { mediaType, bytes: Uint8Array.from(bytes), jobs });
      return { digest, mediaType, bytes: bytes.length };
    },
    keep: (tenant, digest) => {
      const found = objects.get(at(tenant, digest));
      if (found !== undefined) objects.set(at(tenant, digest), { ...found, jobs: undefined });
      return store.find(tenant, digest);
    },
    find: (tenant, digest) => {
      const found = objects.get(at(tenant, digest));
      return Promise.resolve(found && { digest, mediaType: found.mediaType, bytes: found.bytes.length });
    },
    read: async (tenant, digest, signal) => {
      signal?.throwIfAborted();
      const found = objects.get(at(tenant, digest));
      return found && Uint8Array.from(found.bytes);
    },
    stream: (tenant, digest, range) => {
      const bytes = objects.get(at(tenant, digest))?.bytes;
      if (bytes === undefined) return Promise.resolve(undefined);
      const part = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1);
      return Promise.resolve(Readable.from(part.length === 0 ? [] : [part], { objectMode: false }));
    },
    delete: async (tenant, digest, owner) => {
      const found = objects.get(at(tenant, digest));
      if (found === undefined) return;
      const jobs = new Set(found.jobs);
      if (owner !== undefined) jobs.delete(owner.job);
      if (owner === undefined || (found.jobs !== undefined && jobs.size === 0)) objects.delete(at(tenant, digest));
      else if (found.jobs !== undefined) objects.set(at(tenant, digest), { ...found, jobs });
    },
    traffic: () => ({ read: { bytes: 0, waiting: 0 }, write: { bytes: 0, waiting: 0 } }),
    checkRoom: async () => store.beforeRoom?.(),
  };
  return store;
}
