// Keeps an object as a reference of a job: it then outlives the job, because older chunks are stored again, and no deleted job
// removes it.

import { GenwardenError } from '../../../job/errors/index.ts';
import type { Instant } from '../../../job/time.ts';
import type { StoredArtifact } from '../../../ports/artifactStore.ts';
import { roomInAccount } from '../jetstream/accountRoom.ts';
import { bytesOf } from './bytes.ts';
import { copyChunks } from './chunks.ts';
import { guarded } from './find.ts';
import { readObject, writeObject, type ObjectRecord, type Store } from './record.ts';
import { replace } from './replace.ts';

export interface Keeping {
  readonly until: Instant;
  /** ms. Chunks that are stored now are certainly there until then. */
  readonly expiresAfter: number;
}

/** Undefined if the object does not exist, or expired while it was copied. */
export async function keep(
  store: Store,
  name: string,
  { until, expiresAfter }: Keeping,
): Promise<StoredArtifact | undefined> {
  return guarded(`Cannot keep the artifact ${name}`, async () => {
    for (;;) {
      const known = await readObject(store, name);
      if (known?.live !== true) return undefined;
      const lives = known.storedAt + expiresAfter >= until;
      if (lives && known.users === 'any') return storedFrom(known);
      // Conditional: if a job that made the same bytes is deleted at this moment, one of both writes is refused.
      const kept = lives
        ? await writeObject(store, { ...known, users: 'any' }, known.revision)
        : await storeAgain(store, known);
      if (kept) return storedFrom(known);
    }
  });
}

const storedFrom = ({ digest, mediaType, size }: ObjectRecord): StoredArtifact => ({ digest, mediaType, bytes: size });

const never = new AbortController().signal;

/** A few chunks at a time. False if the object was replaced, or expired meanwhile. */
async function storeAgain(store: Store, known: ObjectRecord): Promise<boolean> {
  await roomInAccount(store.link, 'artifacts', known.size);
  try {
    const chunks = await copyChunks(store, bytesOf(store, known, never), never);
    const { name, digest, mediaType, size } = known;
    return await replace(store, { name, digest, mediaType, size, users: 'any', ...chunks }, known);
  } catch (error) {
    if (error instanceof GenwardenError && (await readObject(store, known.name))?.live !== true) return false;
    throw error;
  }
}
