// Whether the store takes another artifact, asked before a worker pays for one.

import { PutObjectCommand } from '@aws-sdk/client-s3';
import { GenwardenError } from '../../job/errors/index.ts';
import { probeKey } from './keys.ts';
import { head, request } from './objects.ts';
import type { Store } from './settings.ts';

/** ms. A store that answered so recently is not asked: a worker must notice its end before it gets a task that another one holds. */
const trustedFor = 1_000;
const askEvery = 1_000;
/**
 * ms. Workers try at least every 2 s to store what they hold, and then write its status: these results come first, or their tasks
 * would be paid twice.
 */
const heldFirst = 5_000;
/** A picture. */
const probeBytes = 1024 * 1024;

/** A check that throws what the store answers. While a write has failed it writes; otherwise it reads, and only now and then. */
export function roomCheck(store: Store): () => Promise<void> {
  let asked: Promise<void> | undefined;
  let askedAt = -Infinity;
  return async () => {
    if (!store.health.troubled && store.health.quietFor < trustedFor) return refuseWhileHeld(store);
    if (asked === undefined || performance.now() - askedAt > askEvery) {
      askedAt = performance.now();
      asked = store.health.troubled ? write(store) : head(store, probeKey(store)).then(() => undefined);
      asked.catch(() => undefined);
    }
    await asked;
    refuseWhileHeld(store);
  };
}

function refuseWhileHeld({ health, address }: Store): void {
  if (health.wellFor > heldFirst) return;
  const message = `The S3 artifact store (${address}) has just recovered: results that workers hold are stored first.`;
  throw new GenwardenError('ArtifactStoreUnavailable', message);
}

async function write(store: Store): Promise<void> {
  const { client, bucket: Bucket } = store;
  const Body = Buffer.alloc(store.health.full ? probeBytes : 1);
  const command = new PutObjectCommand({ Bucket, Key: probeKey(store), Body });
  await request(store, 'Cannot write to the artifact store', () => client.send(command), { stored: true });
}
