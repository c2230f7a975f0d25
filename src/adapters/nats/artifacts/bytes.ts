// Reads an object's bytes to the end, or fails: it waits for a lost connection and for a replica that is behind.

import { sleep } from '../../../async/sleep.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { chunksFrom } from './chunks.ts';
import { find } from './find.ts';
import type { ObjectRecord, Store } from './record.ts';

/** The answers without a further byte after which an object counts as incomplete. */
const maxTries = 5;
/** ms without a byte, while NATS cannot be reached. A reader that has half of the bytes cannot be told to come back. */
const patience = 30_000;
const retryAfter = 200;

/**
 * The bytes from `start` to `end` inclusive. If the object is replaced meanwhile, or NATS is away for less than 30 s, reading
 * continues where it was: the bytes are the same. Throws `Unavailable`, `ArtifactStoreFailed`, or the signal's reason.
 */
export async function* bytesOf(
  store: Store,
  found: ObjectRecord,
  signal: AbortSignal,
  { start, end } = { start: 0, end: found.size - 1 },
): AsyncGenerator<Uint8Array> {
  const reader = {};
  store.readers.add(reader);
  try {
    yield* partsOf(store, found, { start, stop: Math.min(end + 1, found.size) }, signal);
  } finally {
    store.readers.delete(reader);
  }
}

async function* partsOf(
  store: Store,
  found: ObjectRecord,
  { start, stop }: { readonly start: number; readonly stop: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let at = start;
  let record = found;
  let tries = 0;
  for (let progressAt = performance.now(); at < stop;) {
    const before = at;
    try {
      for await (const { offset, data } of chunksFrom(store, record, at, signal)) {
        const part = data.subarray(Math.max(0, at - offset), stop - offset);
        at += part.length;
        if (part.length > 0) yield part;
        if (at >= stop) return;
        // Not before the yield: how long the reader took says nothing about NATS.
        progressAt = performance.now();
      }
      // A replica that is behind will have the chunks a moment later.
      const again = await find(store, found.name);
      tries += 1;
      if (again === undefined || tries > maxTries) throw incomplete(found, at);
      if (again.chunkId === record.chunkId && at === before) await sleep(retryAfter, signal);
      record = again;
    } catch (error) {
      signal.throwIfAborted();
      if (!isUnavailable(error) || performance.now() - progressAt > patience) throw error;
      await sleep(retryAfter, signal);
    }
  }
}

const isUnavailable = (error: unknown): boolean => error instanceof GenwardenError && error.code === 'Unavailable';

const incomplete = ({ name, size }: ObjectRecord, at: number): GenwardenError =>
  new GenwardenError('ArtifactStoreFailed', `The artifact ${name} is incomplete: ${at} of ${size} bytes are stored.`);
