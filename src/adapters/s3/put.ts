// Stores the bytes of one artifact: a result at its path, a reference under its digest. Bytes that are stored never change.

import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Instant } from '../../job/time.ts';
import { pathOf } from '../../job/pathTemplate.ts';
import type { Place, StoredArtifact } from '../../ports/artifactStore.ts';
import { isTaken } from './errors.ts';
import { entryKey, referenceKey, suffixOf, uploadKey } from './keys.ts';
import { deleteObject, head, metadataOf, putJson, request } from './objects.ts';
import { hour, type Store } from './settings.ts';

export interface NewObject {
  readonly tenant: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** Larger objects are sent in parts of half of this. */
const largestSingle = 16 * 1024 * 1024;

/** Undefined metadata is never written: an entry and an object say until when they are kept. */
export async function putReference(store: Store, object: NewObject, signal: AbortSignal): Promise<StoredArtifact> {
  const { tenant, digest, mediaType, bytes } = object;
  const key = referenceKey(store, tenant, digest);
  const now = store.clock.now();
  const known = await head(store, key, signal);
  // A job that is submitted now needs it that long.
  const isFresh = known !== undefined && known.expiresAt >= now + store.retentionMs && known.digest === digest;
  if (!isFresh || known.mediaType !== mediaType) {
    await send(store, key, { ...object, expiresAt: now + store.retentionMs + hour, onlyNew: false }, signal);
  }
  return { digest, mediaType, bytes: bytes.length };
}

/**
 * The entry comes first, so that no object is without one: the sweep finds what a lost worker left. Another attempt or run may have
 * stored other bytes at the same path; these then go beside them.
 */
export async function putResult(
  store: Store,
  object: NewObject,
  place: Place,
  signal: AbortSignal,
): Promise<StoredArtifact> {
  const { tenant, digest, mediaType, bytes } = object;
  const values = { ...place, tenant, mediaType };
  const expiresAt = place.expiresAt + hour;
  const stored = { digest, mediaType, bytes: bytes.length };
  const path = pathOf(store.template, values);
  await putEntry(store, object, { path, expiresAt }, signal);
  if (await send(store, path, { ...object, expiresAt, onlyNew: true }, signal)) return { ...stored, path };
  if ((await head(store, path, signal))?.digest === digest) return { ...stored, path };
  const own = pathOf(store.template, values, suffixOf(digest));
  await putEntry(store, object, { path: own, expiresAt }, signal);
  await send(store, own, { ...object, expiresAt, onlyNew: false }, signal);
  await deleteObject(store, entryKey(store, tenant, digest, path));
  return { ...stored, path: own };
}

/** Where the bytes of a digest are, and until when. */
export interface Entry {
  readonly path: string;
  readonly digest: string;
  readonly expiresAt: Instant;
}

const putEntry = (
  store: Store,
  { tenant, digest }: NewObject,
  at: Pick<Entry, 'path' | 'expiresAt'>,
  signal: AbortSignal,
): Promise<void> => putJson(store, entryKey(store, tenant, digest, at.path), { ...at, digest } satisfies Entry, signal);

interface Sending extends NewObject {
  readonly expiresAt: Instant;
  /** Stores nothing if the key is taken. */
  readonly onlyNew: boolean;
}

/** False if the key is taken. */
async function send(store: Store, key: string, object: Sending, signal: AbortSignal): Promise<boolean> {
  const { bytes } = object;
  const what = `Cannot store the artifact ${object.digest}`;
  const isLarge = bytes.length > largestSingle;
  const sending = isLarge ? sendParts : sendWhole;
  return store.writes.run({ bytes: bytes.length, first: !isLarge }, signal, () =>
    request(store, what, () => sending(store, key, object, signal).then(() => true, falseIfTaken), {
      signal,
      stored: true,
    }),
  );
}

const falseIfTaken = (error: unknown): boolean => {
  if (isTaken(error)) return false;
  throw error;
};

const paramsOf = ({ bucket }: Store, key: string, object: Sending) => ({
  Bucket: bucket,
  Key: key,
  Body: object.bytes,
  ContentType: object.mediaType,
  Metadata: metadataOf(object),
  ...(object.onlyNew ? { IfNoneMatch: '*' } : {}),
});

async function sendWhole(store: Store, key: string, object: Sending, signal: AbortSignal): Promise<void> {
  const ChecksumSHA256 = Buffer.from(object.digest.slice('sha256:'.length), 'hex').toString('base64');
  const command = new PutObjectCommand({ ...paramsOf(store, key, object), ChecksumSHA256 });
  await store.client.send(command, { abortSignal: signal });
}

/** What a killed process leaves of it, the sweep finds by the record of the upload. */
async function sendParts(store: Store, key: string, object: Sending, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await putJson(store, uploadKey(store, key), { path: key, startedAt: store.clock.now() }, signal);
  const partSize = largestSingle / 2;
  const upload = new Upload({ client: store.client, params: paramsOf(store, key, object), partSize, queueSize: 2 });
  const abort = (): void => void upload.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await upload.done();
  } finally {
    signal.removeEventListener('abort', abort);
  }
  await deleteObject(store, uploadKey(store, key));
}
