// Artifacts in the memory of one process.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ArtifactStore } from '../../src/ports/artifactStore.ts';

export function fakeArtifactStore(): ArtifactStore {
  const objects = new Map<string, { mediaType: string; bytes: Uint8Array }>();
  const at = (tenant: string, digest: string): string => `${tenant}/${digest}`;
  return {
    put: (tenant, bytes, mediaType) => {
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      objects.set(at(tenant, digest), { mediaType, bytes: Uint8Array.from(bytes) });
      return Promise.resolve({ digest, mediaType, bytes: bytes.length });
    },
    find: (tenant, digest) => {
      const found = objects.get(at(tenant, digest));
      return Promise.resolve(found && { digest, mediaType: found.mediaType, bytes: found.bytes.length });
    },
    read: (tenant, digest) => Promise.resolve(objects.get(at(tenant, digest))?.bytes),
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
  };
}
