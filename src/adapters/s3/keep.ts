// Keeps an artifact as a reference of a job: a result is copied to the references, and a reference that would expire too early is
// renewed. Both happen inside the store.

import type { Instant } from '../../job/time.ts';
import type { StoredArtifact } from '../../ports/artifactStore.ts';
import { locateResult, type Located } from './find.ts';
import { referenceKey } from './keys.ts';
import { copyObject, head } from './objects.ts';
import { hour, type Store } from './settings.ts';

/** Undefined if the artifact is not stored, or deleted at this moment. */
export async function keep(
  store: Store,
  tenant: string,
  digest: string,
  until: Instant,
): Promise<StoredArtifact | undefined> {
  const key = referenceKey(store, tenant, digest);
  const now = store.clock.now();
  const known = await head(store, key);
  // The sweep deletes references an hour after they expired: this one it leaves.
  const isThere = known !== undefined && known.digest === digest && known.expiresAt > now;
  if (isThere && known.expiresAt >= until) return storedFrom(known);
  const source = isThere ? { key, info: known } : await locateResult(store, tenant, digest);
  if (source === undefined) return undefined;
  const info = { ...source.info, expiresAt: Math.max(until, now + store.retentionMs) + hour };
  return (await copyObject(store, source.key, key, info)) ? storedFrom(info) : undefined;
}

const storedFrom = ({ digest, mediaType, bytes }: Located['info']): StoredArtifact => ({ digest, mediaType, bytes });
