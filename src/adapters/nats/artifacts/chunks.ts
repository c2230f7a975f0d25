// Stores and reads the bytes of an object: chunks of 128 KiB, several in flight at a time, read in batches by direct get. What
// is under way on the connection is bounded: the rest waits for its turn.

import { nuid } from '@nats-io/transport-node';
import { purgeStream } from '../jetstream/api.ts';
import { publishOnce } from '../jetstream/publish.ts';
import { directRead } from '../jetstream/reads.ts';
import { once } from '../jetstream/retry.ts';
import { chunkBytes, streamOf, type ObjectRecord, type Store } from './record.ts';

const inFlight = 4;

export interface StoredChunks {
  readonly chunkId: string;
  readonly chunks: number;
  readonly firstChunk: number;
}

/** Stores the bytes under a new id. After a failure it deletes the chunks stored so far, as far as NATS answers. */
export const putChunks = (store: Store, bytes: Uint8Array, signal: AbortSignal): Promise<StoredChunks> =>
  storeGroups(store, groupsOf(bytes), signal);

/** The same with an object's own chunks, a few at a time. */
export const copyChunks = (
  store: Store,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<StoredChunks> => storeGroups(store, grouped(chunks), signal);

async function storeGroups(
  store: Store,
  groups: Iterable<Uint8Array[]> | AsyncIterable<Uint8Array[]>,
  signal: AbortSignal,
): Promise<StoredChunks> {
  const chunkId = nuid.next();
  const subject = chunkSubject(store, chunkId);
  let chunks = 0;
  let firstChunk = 0;
  try {
    // The server stores the messages of one connection in the order in which they are sent.
    for await (const group of groups) {
      const bytes = group.reduce((sum, { length }) => sum + length, 0);
      const sequences = await store.writes.run({ bytes, first: chunks === 0 }, signal, () =>
        Promise.all(group.map((chunk) => publishOnce(store.link, subject, chunk))),
      );
      if (chunks === 0) firstChunk = sequences[0]!;
      chunks += group.length;
    }
  } catch (error) {
    await dropChunks(store, chunkId);
    throw error;
  }
  return { chunkId, chunks, firstChunk };
}

function* groupsOf(bytes: Uint8Array): Generator<Uint8Array[]> {
  for (let at = 0; at < bytes.length; at += inFlight * chunkBytes) {
    const group = Array.from({ length: inFlight }, (_, part) =>
      bytes.subarray(at + part * chunkBytes, at + (part + 1) * chunkBytes),
    );
    yield group.filter(({ length }) => length > 0);
  }
}

async function* grouped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array[]> {
  let group: Uint8Array[] = [];
  for await (const chunk of chunks) {
    group.push(chunk);
    if (group.length < inFlight) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** Never throws: no reader sees chunks without a record, and they expire. */
export async function dropChunks(store: Store, chunkId: string): Promise<void> {
  const filter = chunkSubject(store, chunkId);
  await purgeStream(store.link, streamOf(store), { filter }, once).catch(() => undefined);
}

/** The object's chunks, starting with the one that holds byte `at`; fewer if they are not stored, or not yet on this server. */
export async function* chunksFrom(
  store: Store,
  record: ObjectRecord,
  at: number,
  signal: AbortSignal,
): AsyncGenerator<{ readonly offset: number; readonly data: Uint8Array }> {
  const subject = chunkSubject(store, record.chunkId);
  // Other programs may store larger chunks.
  const size = Math.ceil(record.size / record.chunks);
  let offset = 0;
  let seq = record.firstChunk;
  for (let left = record.chunks; left > 0;) {
    const query = { seq, batch: Math.min(left, batchSize(store.readers.size)), next_by_subj: subject };
    const { messages } = await store.reads.run({ bytes: query.batch * size, first: offset === 0 }, signal, () =>
      directRead(store.link, streamOf(store), query, readTimeout),
    );
    for (const { data } of messages) {
      if (offset + data.length > at) yield { offset, data };
      offset += data.length;
    }
    if (messages.length === 0) return;
    left -= messages.length;
    seq = messages.at(-1)!.sequence + 1;
  }
}

/** ms without any chunk. Longer than for other requests: the chunks of other readers may arrive first. */
const readTimeout = 5_000;

/** Chunks that all readers together may hold ahead of their clients: 16 MiB. */
const readAhead = 128;
/** Half of what may be under way, so that one batch arrives while the next is asked for. */
const largestBatch = 4;

/** The more readers there are, the less each one holds, and the sooner it is the next one's turn. At least one chunk. */
export const batchSize = (readers: number): number =>
  Math.max(1, Math.min(largestBatch, Math.floor(readAhead / readers)));

const chunkSubject = ({ bucket }: Store, chunkId: string): string => `$O.${bucket}.C.${chunkId}`;
