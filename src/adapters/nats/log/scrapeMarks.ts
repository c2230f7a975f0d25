// Stores the mark of the latest scrape: one key in the bucket that also has the watermark, written by the leading controller.

import type { KV } from '@nats-io/kv';
import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { ScrapeMark, ScrapeMarks } from '../../../ports/scrapeMarks.ts';
import { isConflict, isStorageFull } from '../jetstream/errors.ts';
import { storageOf } from '../jetstream/storageHealth.ts';
import type { NatsLink } from '../link/connection.ts';
import { marksBucket } from './watermark.ts';
import { openBucket } from '../kv/bucket.ts';

const key = 'scrape';

export function natsScrapeMarks(link: NatsLink): ScrapeMarks {
  let bucket: Promise<KV> | undefined;
  const open = (): Promise<KV> => {
    bucket ??= openBucket(link, marksBucket);
    bucket.catch(() => (bucket = undefined));
    return bucket;
  };
  return {
    read: () =>
      answered(link, async () => {
        const kv = await open();
        const entry = await link.whileConnected(() => kv.get(key));
        return { mark: entry === null ? undefined : parse(entry.string()), revision: entry?.revision ?? 0 };
      }),
    replace: (mark, expected) =>
      answered(link, async () => {
        const kv = await open();
        try {
          return await link.whileConnected(() => kv.put(key, JSON.stringify(mark), { previousSeq: expected }));
        } catch (error) {
          if (isConflict(error)) return undefined;
          throw error;
        }
      }),
  };
}

async function answered<T>(link: NatsLink, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    storageOf(link).failed(`KV_${link.prefix}_${marksBucket}`, cause);
    if (isStorageFull(cause)) throw new GenwardenError('StorageFull', 'There is no room for the mark.', { cause });
    throw new GenwardenError('Unavailable', 'NATS did not answer about the mark of the latest scrape.', { cause });
  }
}

const record = z.object({ epoch: z.string(), sequence: z.number(), at: z.number(), by: z.string() });

/** A mark that cannot be read counts as missing, as one that was deleted does. */
function parse(text: string): ScrapeMark | undefined {
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
