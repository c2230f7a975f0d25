// Artifacts in a JetStream Object Store. The format is NATS's own, so that `nats object` shows them; but chunks are sent several
// at a time and read without a consumer, and two processes that put the same bytes concurrently leave one readable object.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { nanos } from '@nats-io/transport-node';
import { sleep } from '../../../async/sleep.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { ArtifactStore, StoredArtifact } from '../../../ports/artifactStore.ts';
import type { Clock } from '../../../ports/clock.ts';
import { portError } from '../jetstream/errors.ts';
import type { NatsLink } from '../link/connection.ts';
import { ensureStream } from '../stream/ensure.ts';
import { chunksFrom, dropChunks, putChunks } from './chunks.ts';
import { readObject, streamOf, writeObject, type ObjectRecord, type Store } from './record.ts';

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

/** Creates the bucket or waits until another process has. Returns its name. */
export async function natsArtifactBucket(link: NatsLink, retentionMs: number): Promise<string> {
  const bucket = `${link.prefix}_artifacts`;
  await ensureStream(link, {
    name: streamOf({ link, bucket }),
    subjects: [`$O.${bucket}.C.>`, `$O.${bucket}.M.>`],
    max_age: nanos(retentionMs + hour),
    allow_direct: true,
    allow_rollup_hdrs: true,
  });
  return bucket;
}

const nameOf = (tenant: string, digest: string): string => `${tenant}/${digest}`;

/** SHA-256 of 2 MB takes one to two milliseconds: a separate thread would cost more. */
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
  return guarded(`Cannot store the artifact ${digest}`, async () => {
    for (;;) {
      const known = await readObject(store, name);
      const reusable = known?.live === true && clock.now() - known.storedAt < reusableFor;
      // The same bytes with another media type replace the object.
      if (reusable && known.mediaType === mediaType) break;
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

/** False if another process stored the object meanwhile: one record per name remains, with its chunks. */
async function replace(store: Store, object: NewObject, known: ObjectRecord | undefined): Promise<boolean> {
  const chunks = await putChunks(store, object.bytes);
  const record = { ...object, ...chunks, size: object.bytes.length, live: true };
  // If no answer arrives, the record may still be stored: its chunks are kept, and expire if it is not.
  if (!(await writeObject(store, record, known?.revision ?? 0))) {
    const current = await readObject(store, object.name);
    if (current?.chunkId !== chunks.chunkId) {
      await dropChunks(store, chunks.chunkId);
      return false;
    }
  }
  if (known?.live === true) await dropChunks(store, known.chunkId);
  return true;
}

async function find(store: Store, name: string): Promise<ObjectRecord | undefined> {
  const found = await guarded(`Cannot look up the artifact ${name}`, () => readObject(store, name));
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
  throw new GenwardenError(
    'ArtifactStoreFailed',
    `The stored bytes of the artifact ${digest} do not match its digest.`,
  );
}

/**
 * The bytes from `start` to `end` inclusive. If the object is replaced meanwhile, reading continues: the bytes are the
 * same.
 */
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
    // A replica that is behind will have the chunks a moment later.
    const again = await find(store, name);
    if (again === undefined || tries === 5) throw incomplete(name, at, found.size);
    if (again.chunkId === record.chunkId && at === before) await sleep(200);
    record = again;
  }
}

async function remove(store: Store, name: string): Promise<void> {
  await guarded(`Cannot delete the artifact ${name}`, async () => {
    for (;;) {
      const known = await readObject(store, name);
      if (known?.live !== true) return;
      const deleted = { ...known, size: 0, chunks: 0, digest: '', live: false };
      if (await writeObject(store, deleted, known.revision)) return dropChunks(store, known.chunkId);
    }
  });
}

const incomplete = (name: string, at: number, size: number): GenwardenError =>
  new GenwardenError('ArtifactStoreFailed', `The artifact ${name} is incomplete: ${at} of ${size} bytes are stored.`);

async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw portError(error, 'ArtifactStoreFailed', what);
  }
}
