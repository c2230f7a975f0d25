// Artifacts in memory. A test sees what is stored, and can delay or fail what is put.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ArtifactStore } from '../../src/ports/artifactStore.ts';

export interface FakeArtifactStore extends ArtifactStore {
  /** By `<tenant>/<digest>`. */
  readonly stored: ReadonlyMap<string, { readonly mediaType: string; readonly bytes: Uint8Array }>;
  /** Called before each put takes effect; throws to make it fail. */
  beforePut: (() => Promise<void>) | undefined;
  /** Throws if there is no room. */
  beforeRoom: (() => void) | undefined;
}

export function fakeArtifactStore(): FakeArtifactStore {
  const objects = new Map<string, { mediaType: string; bytes: Uint8Array }>();
  const at = (tenant: string, digest: string): string => `${tenant}/${digest}`;
  const store: FakeArtifactStore = {
    stored: objects,
    beforePut: undefined,
    beforeRoom: undefined,
    put: async (tenant, bytes, mediaType, signal) => {
      signal?.throwIfAborted();
      if (store.beforePut !== undefined) await store.beforePut();
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      objects.set(at(tenant, digest), { mediaType, bytes: Uint8Array.from(bytes) });
      return { digest, mediaType, bytes: bytes.length };
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
    delete: (tenant, digest) => {
      objects.delete(at(tenant, digest));
      return Promise.resolve();
    },
    traffic: () => ({ read: { bytes: 0, waiting: 0 }, write: { bytes: 0, waiting: 0 } }),
    checkRoom: async () => store.beforeRoom?.(),
  };
  return store;
}
