// Stores the watermark: one key in a bucket, written by the leading controller.

import type { KV } from '@nats-io/kv';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Watermark } from '../../../ports/jobLog.ts';
import { isStorageFull, isStreamNotFound } from '../jetstream/errors.ts';
import { storageOf } from '../jetstream/storageHealth.ts';
import { existingBucket, openBucket } from '../kv/bucket.ts';
import type { NatsLink } from '../link/connection.ts';
import { mayCreateStream } from '../stream/ensure.ts';

export interface WatermarkStore {
  read(): Promise<Watermark | undefined>;
  write(mark: Watermark): Promise<void>;
}

const key = 'watermark';

export const marksBucket = 'marks';

/** Without the bucket, a process that may not create it reads no watermark: following then starts at the beginning. */
export function watermarkStore(link: NatsLink): WatermarkStore {
  let bucket: Promise<KV> | undefined;
  const open = (): Promise<KV> => {
    const name = `${link.prefix}_${marksBucket}`;
    bucket ??= mayCreateStream(link, `KV_${name}`) ? openBucket(link, marksBucket) : existingBucket(link, name);
    bucket.catch(() => (bucket = undefined));
    return bucket;
  };
  return {
    read: async () => {
      const entry = await available(link, async () => (await open()).get(key).catch(noBucketYet));
      return entry === null ? undefined : parseMark(entry.string());
    },
    write: async (mark) => {
      await available(link, async () => (await open()).put(key, JSON.stringify(mark)));
    },
  };
}

function noBucketYet(error: unknown): null {
  if (isStreamNotFound(error)) return null;
  throw error;
}

async function available<T>(link: NatsLink, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    storageOf(link).failed(`KV_${link.prefix}_${marksBucket}`, cause);
    const isFull = isStorageFull(cause) || storageOf(link).full()?.refuses === 'statuses';
    if (isFull) throw new GenwardenError('StorageFull', 'There is no room for the watermark.', { cause });
    throw new GenwardenError('Unavailable', 'NATS did not answer about the watermark.', { cause });
  }
}

/** A watermark that cannot be read counts as missing: following then starts at the beginning. */
function parseMark(text: string): Watermark | undefined {
  try {
    const mark = JSON.parse(text) as Partial<Watermark>;
    const valid = typeof mark.epoch === 'string' && typeof mark.sequence === 'number' && Array.isArray(mark.stragglers);
    return valid ? (mark as Watermark) : undefined;
  } catch {
    return undefined;
  }
}
