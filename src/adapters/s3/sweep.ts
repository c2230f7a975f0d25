// Deletes what has expired, a page at a time: results by their entries, references, and parts of uploads that were never completed.
// Nothing else in the bucket is touched. S3 itself deletes nothing, and not every server has rules for it.

import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Instant } from '../../job/time.ts';
import type { Swept } from '../../ports/artifactStore.ts';
import { entryFrom } from './find.ts';
import { sweepKey } from './keys.ts';
import { deleteObject, getJson, head, list, putJson, request } from './objects.ts';
import { hour, type Store } from './settings.ts';

/** Keys that are listed for a page, and objects that are deleted at most. */
const pageSize = 1_000;
const mostDeleted = 100;
/** ms from the end of one round to the start of the next, at most. */
const longestRest = hour;
/** ms. An upload takes minutes at most. */
const uploadsFrom = hour;

interface Area {
  readonly name: keyof Swept['deleted'];
  readonly folder: string;
  /** ms. Nothing younger has expired. */
  readonly youngest: (store: Store) => number;
  /** Whether the key had expired: its object is gone then. */
  readonly remove: (store: Store, key: string, now: Instant) => Promise<boolean>;
}

const areas: readonly Area[] = [
  { name: 'results', folder: 'entries', youngest: ({ retentionMs }) => retentionMs, remove: removeResult },
  { name: 'references', folder: 'references', youngest: ({ retentionMs }) => retentionMs, remove: removeReference },
  { name: 'uploads', folder: 'uploads', youngest: () => uploadsFrom, remove: removeUpload },
];

/** How far the round is. It is kept in the bucket, so that the next leading controller continues. */
interface Progress {
  readonly area: number;
  readonly after?: string | undefined;
  /** The next round starts then. */
  readonly restUntil?: Instant | undefined;
}

const progressForm = z.object({
  area: z.int().min(0).max(2),
  after: z.string().optional(),
  restUntil: z.number().optional(),
});

/** Each call is one step. It throws what the store answers; the same page then comes again. */
export function sweepOf(store: Store): () => Promise<Swept> {
  let restUntil = -Infinity;
  return async () => {
    if (restUntil > store.clock.now()) return atRest;
    const swept = await sweepPage(store);
    // Asks again now and then: another process may have led meanwhile.
    if (swept === atRest || swept.finished) restUntil = store.clock.now() + restOf(store) / 10;
    return swept;
  };
}

const atRest: Swept = { deleted: {}, finished: false };

async function sweepPage(store: Store): Promise<Swept> {
  const now = store.clock.now();
  const key = sweepKey(store);
  const progress: Progress = progressForm.safeParse(await getJson(store, key)).data ?? { area: 0 };
  if ((progress.restUntil ?? 0) > now) return atRest;
  const area = areas[progress.area]!;
  const page = await list(store, { prefix: `${store.root}/${area.folder}/`, after: progress.after, atMost: pageSize });
  const { deleted, after } = await removeExpired(store, area, page, now);
  const isLast = page.length < pageSize && after === page.at(-1)?.key;
  const next = isLast ? afterArea(store, progress.area, now) : { area: progress.area, after };
  await putJson(store, key, next);
  return { deleted: { [area.name]: deleted }, finished: isLast && progress.area === areas.length - 1 };
}

function afterArea(store: Store, area: number, now: Instant): Progress {
  if (area < areas.length - 1) return { area: area + 1 };
  return { area: 0, restUntil: now + restOf(store) };
}

const restOf = ({ retentionMs }: Store): number => Math.min(longestRest, retentionMs / 4);

async function removeExpired(
  store: Store,
  { youngest, remove }: Area,
  page: Awaited<ReturnType<typeof list>>,
  now: Instant,
): Promise<{ deleted: number; after: string | undefined }> {
  let deleted = 0;
  let after: string | undefined;
  for (const { key, modifiedAt } of page) {
    if (deleted >= mostDeleted) break;
    if (modifiedAt <= now - youngest(store) && (await orSkip(() => remove(store, key, now)))) deleted += 1;
    after = key;
  }
  return { deleted, after };
}

/** One object that the store refuses to delete must not hold up all others. */
async function orSkip(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GenwardenError && error.code === 'ArtifactStoreFailed') return false;
    throw error;
  }
}

/** An entry may be left of a put that did not come to its object, or whose path other bytes have. */
async function removeResult(store: Store, key: string, now: Instant): Promise<boolean> {
  const entry = entryFrom(await getJson(store, key));
  if (entry !== undefined) {
    if (entry.expiresAt > now) return false;
    const object = await head(store, entry.path);
    if (object?.digest === entry.digest) {
      if (object.expiresAt > now) return false;
      await deleteObject(store, entry.path);
    }
  }
  await deleteObject(store, key);
  return true;
}

/** A job may be accepted with a reference until it expires; from an hour later on, it is deleted. */
async function removeReference(store: Store, key: string, now: Instant): Promise<boolean> {
  const found = await head(store, key);
  if (found === undefined || found.expiresAt + hour > now) return false;
  await deleteObject(store, key);
  return true;
}

const uploadForm = z.object({ path: z.string(), startedAt: z.number() });

async function removeUpload(store: Store, key: string, now: Instant): Promise<boolean> {
  const record = uploadForm.safeParse(await getJson(store, key)).data;
  if (record !== undefined) {
    if (record.startedAt > now - uploadsFrom) return false;
    await abortUploads(store, record.path, now);
  }
  await deleteObject(store, key);
  return true;
}

async function abortUploads(store: Store, path: string, now: Instant): Promise<void> {
  const { client, bucket: Bucket } = store;
  const what = 'Cannot abort an upload';
  const listing = new ListMultipartUploadsCommand({ Bucket, Prefix: path });
  const { Uploads = [] } = await request(store, what, () => client.send(listing));
  for (const { Key, UploadId, Initiated } of Uploads) {
    if (Key !== path || (Initiated?.getTime() ?? 0) > now - uploadsFrom) continue;
    await request(store, what, () => client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })));
  }
}
