// Reads an object's bytes in segments, so that a slow reader holds neither a connection nor much memory. It waits for a store that is
// away for a while.

import { sleep } from '../../async/sleep.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Located } from './find.ts';
import { getRange } from './objects.ts';
import type { Store } from './settings.ts';

/** ms without a byte. A reader that has half of the bytes cannot be told to come back. */
const patience = 30_000;
const retryAfter = 200;

/** Bytes that all readers together may hold ahead of their clients. */
const readAhead = 16 * 1024 * 1024;
const largestSegment = 2 * 1024 * 1024;
const smallestSegment = 128 * 1024;

const segmentSize = (readers: number): number =>
  Math.max(smallestSegment, Math.min(largestSegment, Math.floor(readAhead / readers)));

/** The bytes from `start` to `end` inclusive. Throws a catalogue error, or the signal's reason. */
export async function* bytesOf(
  store: Store,
  { key, info }: Located,
  signal: AbortSignal,
  { start, end } = { start: 0, end: info.bytes - 1 },
): AsyncGenerator<Uint8Array> {
  const reader = {};
  store.readers.add(reader);
  try {
    const stop = Math.min(end + 1, info.bytes);
    for (let at = start, progressAt = performance.now(); at < stop;) {
      const range = { start: at, end: Math.min(stop, at + segmentSize(store.readers.size)) - 1 };
      const first = at === start;
      try {
        const part = await store.reads.run({ bytes: range.end + 1 - at, first }, signal, () =>
          getRange(store, key, range, signal),
        );
        if (part?.length !== range.end + 1 - at) throw incomplete(info.digest, part === undefined);
        at += part.length;
        yield part;
        // After the yield: how long the reader took says nothing about the store.
        progressAt = performance.now();
      } catch (error) {
        signal.throwIfAborted();
        if (!isUnavailable(error) || performance.now() - progressAt > patience) throw error;
        await sleep(retryAfter, signal);
      }
    }
  } finally {
    store.readers.delete(reader);
  }
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof GenwardenError && error.code === 'ArtifactStoreUnavailable';

const incomplete = (digest: string, gone: boolean): GenwardenError =>
  new GenwardenError(
    'ArtifactStoreFailed',
    `The artifact ${digest} ${gone ? 'was deleted while it was read' : 'is incomplete in the store'}.`,
  );
