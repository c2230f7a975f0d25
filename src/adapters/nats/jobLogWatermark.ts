// Where the watermark is kept: one key in a bucket, written by the leading controller.

import { Kvm, type KV } from '@nats-io/kv';
import { GenwardenError } from '../../job/errors.ts';
import type { Watermark } from '../../ports/jobLog.ts';
import type { NatsLink } from './connection.ts';

export interface WatermarkStore {
  read(): Promise<Watermark | undefined>;
  write(mark: Watermark): Promise<void>;
}

const key = 'watermark';

type Link = Pick<NatsLink, 'js' | 'prefix' | 'replicas'>;

/** A replica may answer with an older mark: following from there takes longer and is as right. */
export function watermarkStore(link: Link): WatermarkStore {
  let bucket: Promise<KV> | undefined;
  const open = (): Promise<KV> => {
    bucket ??= new Kvm(link.js).create(`${link.prefix}_marks`, { replicas: link.replicas, history: 1 });
    bucket.catch(() => (bucket = undefined));
    return bucket;
  };
  return {
    read: async () => {
      const entry = await available(async () => (await open()).get(key));
      return entry === null ? undefined : parseMark(entry.string());
    },
    write: async (mark) => {
      await available(async () => (await open()).put(key, JSON.stringify(mark)));
    },
  };
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
