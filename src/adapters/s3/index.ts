// Artifacts in a bucket of S3. Results are objects of one task each, at the path of a template, so that a deleted job removes its own
// objects and no other's. References are objects under their digest.

import { createHash } from 'node:crypto';
import { collected } from '../../async/collected.ts';
import { Flow } from '../../async/flow.ts';
import { loopShare } from '../../async/loopShare.ts';
import { readableOf } from '../../async/readable.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { ArtifactStore, Owner, Traffic } from '../../ports/artifactStore.ts';
import { bytesOf } from './bytes.ts';
import { s3Client } from './client.ts';
import { locate } from './find.ts';
import { Health } from './health.ts';
import { keep } from './keep.ts';
import { entryKey, referenceKey } from './keys.ts';
import { linkTo } from './link.ts';
import { deleteObject, head } from './objects.ts';
import { putReference, putResult } from './put.ts';
import { roomCheck } from './room.ts';
import { sweepOf } from './sweep.ts';
import { never, type S3Options, type S3Settings, type Store } from './settings.ts';

export type { S3Options, S3Settings } from './settings.ts';

export interface S3ArtifactStore extends ArtifactStore {
  close(): void;
}

/** Bytes under way in each direction. */
const underWay = 8 * 1024 * 1024;

/** Sends no request yet. */
export function s3ArtifactStore(settings: S3Settings, options: S3Options): S3ArtifactStore {
  const store = openStore(settings, options);
  return {
    put: (tenant, bytes, mediaType, { place, signal = never } = {}) => {
      const object = { tenant, digest: digestOf(bytes), bytes, mediaType };
      return place === undefined ? putReference(store, object, signal) : putResult(store, object, place, signal);
    },
    keep: (tenant, digest, until) => keep(store, tenant, digest, until),
    find: async (tenant, digest, path) => {
      const found = await locate(store, tenant, digest, path);
      return found === undefined ? undefined : { digest, mediaType: found.info.mediaType, bytes: found.info.bytes };
    },
    read: (tenant, digest, signal = never) => read(store, tenant, digest, signal),
    stream: async (tenant, digest, range, path) => {
      const found = await locate(store, tenant, digest, path);
      return found === undefined ? undefined : readableOf((signal) => bytesOf(store, found, signal, range));
    },
    delete: (tenant, digest, owner) => remove(store, tenant, digest, owner),
    link: (link) => linkTo(store, link),
    sweep: sweepOf(store),
    traffic: () => ({ read: trafficOf(store.reads), write: trafficOf(store.writes) }),
    checkRoom: roomCheck(store),
    close: () => store.client.destroy(),
  };
}

function openStore(settings: S3Settings, { prefix, retentionMs, clock, storage, hideSecrets }: S3Options): Store {
  const { bucket, endpoint, region, pathTemplate } = settings;
  return {
    client: s3Client(settings, hideSecrets),
    bucket,
    address: `bucket ${bucket} ${endpoint === undefined ? `in region ${region}` : `at ${endpoint}`}`,
    root: `_${prefix}`,
    template: pathTemplate,
    retentionMs,
    clock,
    health: new Health(storage),
    reads: new Flow(underWay, loopShare()),
    writes: new Flow(underWay, loopShare()),
    readers: new Set(),
  };
}

const trafficOf = ({ underWay: bytes, waiting }: Flow): Traffic => ({ bytes, waiting });

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function read(
  store: Store,
  tenant: string,
  digest: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  signal.throwIfAborted();
  const found = await locate(store, tenant, digest);
  if (found === undefined) return undefined;
  const bytes = await collected(bytesOf(store, found, signal), found.info.bytes);
  if (digestOf(bytes) === digest) return bytes;
  throw new GenwardenError(
    'ArtifactStoreFailed',
    `The stored bytes of the artifact ${digest} do not match its digest (${store.address}, ${found.key}).`,
  );
}

/** A job's own object is at its path. Without a path it has none: what it refers to stays. */
async function remove(store: Store, tenant: string, digest: string, owner: Owner | undefined): Promise<void> {
  if (owner === undefined) return deleteObject(store, referenceKey(store, tenant, digest));
  const { path } = owner;
  if (path === undefined) return;
  if ((await head(store, path))?.digest === digest) await deleteObject(store, path);
  await deleteObject(store, entryKey(store, tenant, digest, path));
}
