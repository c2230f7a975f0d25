// Requests about single objects, each with the errors of the catalogue.

import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { Instant } from '../../job/time.ts';
import { hasAnswered, isMissing, isTaken, refusalOf } from './errors.ts';
import { never, type Store } from './settings.ts';

/** What an object of an artifact says about itself. */
export interface ObjectInfo {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** Until then a reference can be kept. */
  readonly expiresAt: Instant;
}

/** Runs one request. `stored`: it writes bytes. Throws a catalogue error, or the signal's reason. */
export async function request<T>(
  store: Store,
  what: string,
  send: () => Promise<T>,
  { signal = never, stored = false }: { signal?: AbortSignal; stored?: boolean } = {},
): Promise<T> {
  try {
    const answer = await send();
    store.health.answered(stored);
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    throw refusalOf(store, what, error);
  }
}

/** Undefined if there is no such object. Throws if there is no such bucket. */
export async function head(store: Store, key: string, signal: AbortSignal = never): Promise<ObjectInfo | undefined> {
  const { client, bucket: Bucket } = store;
  const what = 'Cannot look up an artifact';
  const command = new HeadObjectCommand({ Bucket, Key: key });
  const answer = client.send(command, { abortSignal: signal }).catch(async (error: unknown) => {
    // The answer to a HEAD has no body: it tells neither why it is refused, nor whether the object or the bucket is missing.
    if (hasAnswered(error)) await client.send(new ListObjectsV2Command({ Bucket, Prefix: store.root, MaxKeys: 1 }));
    return undefinedIfMissing(error);
  });
  const found = await request(store, what, () => answer, { signal });
  return found === undefined ? undefined : infoOf(found);
}

const undefinedIfMissing = (error: unknown): undefined => {
  if (!isMissing(error)) throw error;
};

interface Described {
  readonly Metadata?: Record<string, string> | undefined;
  readonly ContentType?: string | undefined;
  readonly ContentLength?: number | undefined;
}

const infoOf = ({
  Metadata = {},
  ContentType = 'application/octet-stream',
  ContentLength = 0,
}: Described): ObjectInfo => ({
  digest: `sha256:${Metadata['sha256'] ?? ''}`,
  mediaType: ContentType,
  bytes: ContentLength,
  expiresAt: Number(Metadata['expires-at'] ?? 0),
});

export const metadataOf = ({
  digest,
  expiresAt,
}: Pick<ObjectInfo, 'digest' | 'expiresAt'>): Record<string, string> => ({
  sha256: digest.slice('sha256:'.length),
  'expires-at': String(expiresAt),
});

/** The bytes from `start` to `end` inclusive; undefined if there is no such object. */
export async function getRange(
  store: Store,
  key: string,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { client, bucket: Bucket } = store;
  return request(
    store,
    'Cannot read an artifact',
    async () => {
      const command = new GetObjectCommand({ Bucket, Key: key, Range: `bytes=${start}-${end}` });
      const found = await client.send(command, { abortSignal: signal }).catch(undefinedIfMissing);
      return found?.Body?.transformToByteArray();
    },
    { signal },
  );
}

/** A small JSON object; undefined if there is none. */
export async function getJson(store: Store, key: string): Promise<unknown> {
  const { client, bucket: Bucket } = store;
  return request(store, 'Cannot read an entry', async () => {
    const found = await client.send(new GetObjectCommand({ Bucket, Key: key })).catch(undefinedIfMissing);
    const text = await found?.Body?.transformToString();
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  });
}

export async function putJson(store: Store, key: string, value: object, signal: AbortSignal = never): Promise<void> {
  const { client, bucket: Bucket } = store;
  const command = new PutObjectCommand({
    Bucket,
    Key: key,
    Body: Buffer.from(JSON.stringify(value)),
    ContentType: 'application/json',
  });
  const what = 'Cannot store an entry';
  await request(store, what, () => client.send(command, { abortSignal: signal }), { signal });
}

/** Deleting what is not there succeeds. */
export async function deleteObject(store: Store, key: string): Promise<void> {
  const { client, bucket: Bucket } = store;
  await request(store, 'Cannot delete an artifact', () =>
    client.send(new DeleteObjectCommand({ Bucket, Key: key })).catch(undefinedIfMissing),
  );
}

/** Copies inside the store. False if the source is gone. */
export async function copyObject(store: Store, from: string, to: string, info: ObjectInfo): Promise<boolean> {
  const { client, bucket: Bucket } = store;
  const command = new CopyObjectCommand({
    Bucket,
    Key: to,
    CopySource: `${Bucket}/${from.split('/').map(encodeURIComponent).join('/')}`,
    MetadataDirective: 'REPLACE',
    Metadata: metadataOf(info),
    ContentType: info.mediaType,
  });
  const what = 'Cannot keep an artifact';
  const gone = (error: unknown): boolean => {
    if (isMissing(error) || isTaken(error)) return false;
    throw error;
  };
  return request(store, what, () => client.send(command).then(() => true, gone), { stored: true });
}

/** The keys that start with `prefix`, in order, after `after`; at most `atMost`. */
export async function list(
  store: Store,
  { prefix, after, atMost }: { readonly prefix: string; readonly after?: string | undefined; readonly atMost: number },
): Promise<readonly { readonly key: string; readonly modifiedAt: Instant }[]> {
  const { client, bucket: Bucket } = store;
  const command = new ListObjectsV2Command({ Bucket, Prefix: prefix, StartAfter: after, MaxKeys: atMost });
  const { Contents = [] } = await request(store, 'Cannot list artifacts', () => client.send(command));
  return Contents.flatMap(({ Key, LastModified }) =>
    Key === undefined ? [] : [{ key: Key, modifiedAt: LastModified?.getTime() ?? Infinity }],
  );
}
