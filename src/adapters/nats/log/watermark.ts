// Where the watermark is kept: one key in a bucket, written by the leading controller.

import { Kvm, type KV } from '@nats-io/kv';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Watermark } from '../../../ports/jobLog.ts';
import { isStreamNotFound } from '../jetstream/errors.ts';
import { mayMake } from '../jetstream/awaitMaker.ts';
import { openBucket } from '../kv/bucket.ts';
import type { NatsLink } from '../link/connection.ts';

export interface WatermarkStore {
  read(): Promise<Watermark | undefined>;
  write(mark: Watermark): Promise<void>;
}

const key = 'watermark';

export const marksBucket = 'marks';

/** A process that may not make the bucket reads no mark until there is one: following then starts at the beginning. */
export function watermarkStore(link: NatsLink): WatermarkStore {
  let bucket: Promise<KV> | undefined;
  const open = (): Promise<KV> => {
    const name = `${link.prefix}_${marksBucket}`;
    bucket ??= mayMake(link, `KV_${name}`) ? openBucket(link, marksBucket) : new Kvm(link.js).open(name);
    bucket.catch(() => (bucket = undefined));
    return bucket;
  };
  return {
    read: async () => {
      const entry = await available(async () => (await open()).get(key).catch(nothingYet));
      return entry === null ? undefined : parseMark(entry.string());
    },
    write: async (mark) => {
      await available(async () => (await open()).put(key, JSON.stringify(mark)));
    },
  };
}

function nothingYet(error: unknown): null {
  if (isStreamNotFound(error)) return null;
  throw error;
}

async function available<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    throw new GenwardenError('Unavailable', 'NATS did not answer for the watermark.', { cause });
  }
}

/** A mark that cannot be read is none: following then starts at the beginning. */
function parseMark(text: string): Watermark | undefined {
  try {
    const mark = JSON.parse(text) as Partial<Watermark>;
    const proper =
      typeof mark.epoch === 'string' && typeof mark.sequence === 'number' && Array.isArray(mark.stragglers);
    return proper ? (mark as Watermark) : undefined;
  } catch {
    return undefined;
  }
}
