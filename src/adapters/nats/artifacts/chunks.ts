// The bytes of an object: chunks of 128 KiB, a few on their way at a time, read in batches by direct get.

import { nuid } from '@nats-io/transport-node';
import { isNothingFound } from '../jetstream/errors.ts';
import { chunkBytes, type ObjectRecord, type Store } from './record.ts';

const inFlight = 4;

export interface StoredChunks {
  readonly chunkId: string;
  readonly chunks: number;
  readonly firstChunk: number;
}

/** Stores the bytes under a new id. What was stored before a failure is dropped, as far as NATS answers. */
export async function putChunks(store: Store, bytes: Uint8Array): Promise<StoredChunks> {
  const chunkId = nuid.next();
  const subject = chunkSubject(store, chunkId);
  const chunks = Math.ceil(bytes.length / chunkBytes);
  let firstChunk = 0;
  try {
    // The order counts: the server stores what one connection sends in the order of sending.
    for (let index = 0; index < chunks; index += inFlight) {
      const group = Array.from({ length: Math.min(inFlight, chunks - index) }, (_, part) =>
        bytes.subarray((index + part) * chunkBytes, (index + part + 1) * chunkBytes),
      );
      const stored = await store.link.whileConnected(() =>
        Promise.all(group.map((chunk) => store.link.js.publish(subject, chunk))),
      );
      if (index === 0) firstChunk = stored[0]!.seq;
    }
  } catch (error) {
    await dropChunks(store, chunkId);
    throw error;
  }
  return { chunkId, chunks, firstChunk };
}

/** Never throws: chunks without a record are seen by nobody, and expire. */
export async function dropChunks(store: Store, chunkId: string): Promise<void> {
  const filter = chunkSubject(store, chunkId);
  const purge = store.link.whileConnected(() => store.link.jsm.streams.purge(`OBJ_${store.bucket}`, { filter }));
  await purge.catch(() => undefined);
}

/** The object's chunks from the one that holds byte `at` on; fewer where they are not stored, or not yet on this server. */
export async function* chunksFrom(
  store: Store,
  record: ObjectRecord,
  at: number,
): AsyncGenerator<{ readonly offset: number; readonly data: Uint8Array }> {
  let offset = 0;
  let seq = record.firstChunk;
  for (let left = record.chunks; left > 0;) {
    const batch = await store.link.whileConnected(() => nextChunks(store, record, seq, Math.min(left, batchSize)));
    for (const { data } of batch) {
      if (offset + data.length > at) yield { offset, data };
      offset += data.length;
    }
    if (batch.length === 0) return;
    left -= batch.length;
    seq = batch.at(-1)!.seq + 1;
  }
}

/** Bounds what a slow reader of the stream makes us hold: 1 MiB. */
const batchSize = 8;

async function nextChunks(
  { link, bucket }: Store,
  { chunkId }: ObjectRecord,
  seq: number,
  batch: number,
): Promise<{ seq: number; data: Uint8Array }[]> {
  const found: { seq: number; data: Uint8Array }[] = [];
  try {
    // A literal subject: no consumer is made, which on a large stream would take longer than the whole read.
    const query = { seq, batch, next_by_subj: chunkSubject({ bucket }, chunkId) };
    for await (const message of await link.jsm.direct.getBatch(`OBJ_${bucket}`, query)) found.push(message);
  } catch (error) {
    if (!isNothingFound(error)) throw error;
  }
  return found;
}

const chunkSubject = ({ bucket }: Pick<Store, 'bucket'>, chunkId: string): string => `$O.${bucket}.C.${chunkId}`;
