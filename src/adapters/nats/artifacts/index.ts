// Artifacts in a JetStream Object Store. The format is NATS's own, so that `nats object` shows them; but chunks are sent several
// at a time and read without a consumer, and two processes that put the same bytes concurrently leave one readable object.
// Artifacts have a connection to themselves: many large ones must not delay or cut off the process's other requests.

import { createHash } from 'node:crypto';
import { collected } from '../../../async/collected.ts';
import { nanos } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { JobId } from '../../../job/ids.ts';
import type { ArtifactStore, Owner, StoredArtifact, Traffic } from '../../../ports/artifactStore.ts';
import type { Clock } from '../../../ports/clock.ts';
import { roomInAccount } from '../jetstream/accountRoom.ts';
import { shareStorage } from '../jetstream/storageHealth.ts';
import type { NatsLink } from '../link/connection.ts';
import { ensureStream } from '../stream/ensure.ts';
import { bytesOf } from './bytes.ts';
import { dropChunks, putChunks } from './chunks.ts';
import { Flow } from '../../../async/flow.ts';
import { find, guarded } from './find.ts';
import { keep } from './keep.ts';
import { loopShare } from '../../../async/loopShare.ts';
import { readObject, streamOf, writeObject, type Store } from './record.ts';
import { replace } from './replace.ts';
import { firstUser, isSame, withoutUser, withUser } from './users.ts';
import { artifactRoom } from './room.ts';
import { readableOf } from '../../../async/readable.ts';

export interface ArtifactStoreOptions {
  /** How long a job is kept from its submit, ms. */
  readonly retentionMs: number;
  readonly clock: Clock;
}

const hour = 3_600_000;
/** ms. Objects expire an hour after the jobs: one younger than this outlives every job that is submitted now. */
const reusableFor = hour - 300_000;

export async function natsArtifactStore(link: NatsLink, options: ArtifactStoreOptions): Promise<ArtifactStore> {
  const bucket = await natsArtifactBucket(link, options.retentionMs);
  const own = await link.another('artifacts');
  shareStorage(link, own);
  const store: Store = {
    link: own,
    bucket,
    reads: new Flow(underWay, loopShare()),
    writes: new Flow(underWay, loopShare()),
    readers: new Set(),
  };
  return {
    put: (tenant, bytes, mediaType, { place, signal = never } = {}) =>
      put(store, options.clock, { tenant, bytes, mediaType, job: place?.job }, signal),
    keep: (tenant, digest, until) =>
      keep(store, nameOf(tenant, digest), { until, expiresAfter: options.retentionMs + reusableFor }),
    find: async (tenant, digest) => {
      const found = await find(store, nameOf(tenant, digest));
      return found === undefined ? undefined : { digest, mediaType: found.mediaType, bytes: found.size };
    },
    read: (tenant, digest, signal = never) => read(store, tenant, digest, signal),
    stream: async (tenant, digest, range) => {
      const name = nameOf(tenant, digest);
      const found = await find(store, name);
      return found === undefined ? undefined : readableOf((signal) => bytesOf(store, found, signal, range));
    },
    delete: (tenant, digest, owner) => remove(store, nameOf(tenant, digest), owner),
    traffic: () => ({ read: trafficOf(store.reads), write: trafficOf(store.writes) }),
    checkRoom: artifactRoom(own, streamOf(store)),
  };
}

/** Creates the bucket or waits until another process has. Returns its name. */
export async function natsArtifactBucket(link: NatsLink, retentionMs: number): Promise<string> {
  const bucket = `${link.prefix}_artifacts`;
  await ensureStream(link, {
    name: streamOf({ bucket }),
    subjects: [`$O.${bucket}.C.>`, `$O.${bucket}.M.>`],
    max_age: nanos(retentionMs + hour),
    allow_direct: true,
    allow_rollup_hdrs: true,
  });
  return bucket;
}

/**
 * Bytes under way in each direction: 1 GB/s at a round trip of 1 ms, far below the 64 MB at which NATS drops a connection,
 * and so little that the event loop soon turns to other requests.
 */
const underWay = 1024 * 1024;

const never = new AbortController().signal;

const trafficOf = ({ underWay: bytes, waiting }: Flow): Traffic => ({ bytes, waiting });

const nameOf = (tenant: string, digest: string): string => `${tenant}/${digest}`;

/** SHA-256 of 2 MB takes one to two milliseconds: a separate thread would cost more. */
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

interface NewBytes {
  readonly tenant: string;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Undefined for a reference. */
  readonly job: JobId | undefined;
}

async function put(
  store: Store,
  clock: Clock,
  { tenant, bytes, mediaType, job }: NewBytes,
  signal: AbortSignal,
): Promise<StoredArtifact> {
  const digest = digestOf(bytes);
  const name = nameOf(tenant, digest);
  return guarded(`Cannot store the artifact ${digest}`, async () => {
    for (;;) {
      const known = await readObject(store, name);
      const reusable = known?.live === true && clock.now() - known.storedAt < reusableFor;
      const users = known?.live === true ? withUser(known.users, job) : firstUser(job);
      // The same bytes with another media type replace the object.
      if (reusable && known.mediaType === mediaType) {
        if (isSame(users, known.users) || (await writeObject(store, { ...known, users }, known.revision))) break;
        continue;
      }
      await roomInAccount(store.link, 'artifacts', bytes.length);
      const chunks = await putChunks(store, bytes, signal);
      if (await replace(store, { name, digest, mediaType, size: bytes.length, users, ...chunks }, known)) break;
    }
    return { digest, mediaType, bytes: bytes.length };
  });
}

async function read(
  store: Store,
  tenant: string,
  digest: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const found = await find(store, nameOf(tenant, digest));
  if (found === undefined) return undefined;
  const bytes = await collected(bytesOf(store, found, signal), found.size);
  if (digestOf(bytes) === digest) return bytes;
  throw new GenwardenError(
    'ArtifactStoreFailed',
    `The stored bytes of the artifact ${digest} do not match its digest.`,
  );
}

async function remove(store: Store, name: string, owner: Owner | undefined): Promise<void> {
  await guarded(`Cannot delete the artifact ${name}`, async () => {
    for (;;) {
      const known = await readObject(store, name);
      if (known?.live !== true) return;
      const users = owner === undefined ? [] : withoutUser(known.users, owner.job);
      if (users.length > 0) {
        if (isSame(users, known.users) || (await writeObject(store, { ...known, users }, known.revision))) return;
        continue;
      }
      const deleted = { ...known, size: 0, chunks: 0, digest: '', users: undefined, live: false };
      if (await writeObject(store, deleted, known.revision)) return dropChunks(store, known.chunkId);
    }
  });
}
