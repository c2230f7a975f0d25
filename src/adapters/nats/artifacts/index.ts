// Artifacts in a JetStream Object Store: its format, so that `nats object` shows them, but with chunks sent several at a time,
// read without a consumer, and put so that two who store the same bytes at once leave one readable object.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { nanos } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { ArtifactStore, StoredArtifact } from '../../../ports/artifactStore.ts';
import type { Clock } from '../../../ports/clock.ts';
import { isConflict, portError } from '../jetstream/errors.ts';
import { chunksFrom, dropChunks, putChunks } from './chunks.ts';
import { readObject, writeObject, type ObjectRecord, type Store } from './record.ts';
import { ensureStream } from '../kv/bucket.ts';
import type { NatsLink } from '../link/connection.ts';

export interface ArtifactStoreOptions {
  /** How long a job is kept from its submit, ms. */
  readonly retentionMs: number;
  readonly clock: Clock;
}

const hour = 3_600_000;
/** An object younger than this outlives every job that is submitted now: expiry is an hour past the jobs'. */
const young = hour - 300_000;

export async function natsArtifactStore(link: NatsLink, options: ArtifactStoreOptions): Promise<ArtifactStore> {
  const bucket = await natsArtifactBucket(link, options.retentionMs);
  const store: Store = { link, bucket };
  return {
    put: (tenant, bytes, mediaType) => put(store, options.clock, tenant, bytes, mediaType),
    find: async (tenant, digest) => {
      const found = await find(store, nameOf(tenant, digest));
      return found === undefined ? undefined : { digest, mediaType: found.mediaType, bytes: found.size };
    },
    read: (tenant, digest) => read(store, tenant, digest),
    stream: async (tenant, digest, range) => {
      const name = nameOf(tenant, digest);
      const found = await find(store, name);
      return found === undefined ? undefined : Readable.from(bytesOf(store, name, found, range), { objectMode: false });
    },
    delete: (tenant, digest) => remove(store, nameOf(tenant, digest)),
  };
}

/** Makes the bucket, or waits for it; its name. */
export async function natsArtifactBucket(link: NatsLink, retentionMs: number): Promise<string> {
  const bucket = `${link.prefix}_artifacts`;
  await ensureStream(link, {
    name: `OBJ_${bucket}`,
    subjects: [`$O.${bucket}.C.>`, `$O.${bucket}.M.>`],
    max_age: nanos(retentionMs + hour),
    allow_direct: true,
    allow_rollup_hdrs: true,
  });
  return bucket;
}

const nameOf = (tenant: string, digest: string): string => `${tenant}/${digest}`;

/** SHA-256 of 2 MB takes one to two milliseconds: a thread of its own would cost more. */
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function put(
  store: Store,
  clock: Clock,
  tenant: string,
  bytes: Uint8Array,
  mediaType: string,
): Promise<StoredArtifact> {
  const digest = digestOf(bytes);
  const name = nameOf(tenant, digest);
  return guarded(`The artifact ${digest} could not be stored`, async () => {
    for (;;) {
      const known = await readObject(store, name);
      const stays = known?.live === true && clock.now() - known.storedAt < young;
      // Another media type for the same bytes: the last word counts.
      if (stays && known.mediaType === mediaType) break;
      if (await replace(store, { name, digest, bytes, mediaType }, known)) break;
    }
    return { digest, mediaType, bytes: bytes.length };
  });
}

interface NewObject {
  readonly name: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** False where somebody else stored the object meanwhile: only one record per name stands, and only its chunks stay. */
async function replace(store: Store, object: NewObject, known: ObjectRecord | undefined): Promise<boolean> {
  const chunks = await putChunks(store, object.bytes);
  try {
    await writeObject(store, { ...object, ...chunks, size: object.bytes.length, live: true }, known?.revision ?? 0);
  } catch (error) {
    // After a lost answer the record may stand: its chunks must stay too, and expire if it does not.
    if (!isConflict(error)) throw error;
    const current = await readObject(store, object.name);
    if (current?.chunkId === chunks.chunkId) return true;
    await dropChunks(store, chunks.chunkId);
    return false;
  }
  if (known?.live === true) await dropChunks(store, known.chunkId);
  return true;
}

async function find(store: Store, name: string): Promise<ObjectRecord | undefined> {
  const found = await guarded(`${name} could not be looked up`, () => readObject(store, name));
  return found?.live === true ? found : undefined;
}

async function read(store: Store, tenant: string, digest: string): Promise<Uint8Array | undefined> {
  const name = nameOf(tenant, digest);
  const found = await find(store, name);
  if (found === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of bytesOf(store, name, found)) parts.push(part);
  const bytes = Buffer.concat(parts);
  if (digestOf(bytes) === digest) return bytes;
  throw new GenwardenError('ArtifactStoreFailed', `The stored bytes of ${digest} are not those that were put.`);
}

/** The bytes from `start` to `end` inclusive. Goes on where it was when the object is replaced meanwhile: the bytes are the same. */
async function* bytesOf(
  store: Store,
  name: string,
  found: ObjectRecord,
  { start, end } = { start: 0, end: found.size - 1 },
): AsyncGenerator<Uint8Array> {
  const stop = Math.min(end + 1, found.size);
  let at = start;
  let record = found;
  for (let tries = 0; at < stop; tries += 1) {
    const before = at;
    for await (const { offset, data } of chunksFrom(store, record, at)) {
      const part = data.subarray(Math.max(0, at - offset), stop - offset);
      at += part.length;
      if (part.length > 0) yield part;
      if (at >= stop) return;
    }
    // A replica that is behind has the chunks a moment later.
    const again = await find(store, name);
    if (again === undefined || tries === 5) throw incomplete(name, at, found.size);
    if (again.chunkId === record.chunkId && at === before) await pause(200);
    record = again;
  }
}

async function remove(store: Store, name: string): Promise<void> {
  await guarded(`${name} could not be deleted`, async () => {
    for (;;) {
      const known = await readObject(store, name);
      if (known?.live !== true) return;
      try {
        await writeObject(store, { ...known, size: 0, chunks: 0, digest: '', live: false }, known.revision);
      } catch (error) {
        if (isConflict(error)) continue;
        throw error;
      }
      return dropChunks(store, known.chunkId);
    }
  });
}

const incomplete = (name: string, at: number, size: number): GenwardenError =>
  new GenwardenError('ArtifactStoreFailed', `${name} is incomplete: ${at} of ${size} bytes are stored.`);

async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw portError(error, 'ArtifactStoreFailed', what);
  }
}
