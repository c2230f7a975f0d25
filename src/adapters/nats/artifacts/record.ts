// The record of an object in the format of NATS's Object Store (ADR-20): one message per name, of which the newest counts.

import { headers as newHeaders } from '@nats-io/transport-node';
import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';
import { expect, publishConditionally } from '../jetstream/publish.ts';
import { leaderRead } from '../jetstream/reads.ts';
import type { NatsLink } from '../link/connection.ts';
import type { Flow } from '../../../async/flow.ts';
import { usersAsText, usersFrom, type Users } from './users.ts';

/** What a record needs of the store. */
export interface Bucket {
  /** The connection that carries the artifacts and nothing else. */
  readonly link: NatsLink;
  readonly bucket: string;
}

export interface Store extends Bucket {
  readonly reads: Flow;
  readonly writes: Flow;
  /** The downloads and reads that are open. */
  readonly readers: Set<object>;
}

export interface ObjectRecord {
  readonly name: string;
  /** `sha256:` and hexadecimal digits; empty for a deleted object. */
  readonly digest: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly chunks: number;
  /** The chunks are stored under this id; each put has a new one. */
  readonly chunkId: string;
  /** The stream's sequence of the first chunk. */
  readonly firstChunk: number;
  readonly live: boolean;
  readonly users: Users;
  readonly revision: number;
  /** When the chunks were stored, by the server's clock, ms. */
  readonly storedAt: number;
}

/** A record to be written. `storedAt`: absent if the chunks are stored now. */
export type NewRecord = Omit<ObjectRecord, 'revision' | 'storedAt'> & Partial<Pick<ObjectRecord, 'storedAt'>>;

export const chunkBytes = 128 * 1024;

export const streamOf = ({ bucket }: Pick<Bucket, 'bucket'>): string => `OBJ_${bucket}`;

/** Reads the record from the stream's leader; undefined if it does not exist. The record of a deleted object is not `live`. */
export async function readObject(store: Bucket, name: string): Promise<ObjectRecord | undefined> {
  const message = await leaderRead(store.link, streamOf(store), { last_by_subj: recordSubject(store, name) });
  if (message === undefined) return undefined;
  return { storedAt: message.at, ...parse(name, message.data), revision: message.sequence };
}

/** Returns false, and stores nothing, if the record's revision is not `expected` (0: no record). */
export async function writeObject(store: Bucket, record: NewRecord, expected: number): Promise<boolean> {
  const headers = expect(newHeaders(), { sequence: expected });
  headers.set('Nats-Rollup', 'sub');
  const message = {
    subject: recordSubject(store, record.name),
    headers,
    body: JSON.stringify(asStored(store.bucket, record)),
  };
  const { answer } = await publishConditionally(store.link, message, { refusedAs: 'ArtifactStoreFailed' });
  return answer === 'stored';
}

const recordSubject = ({ bucket }: Bucket, name: string): string =>
  `$O.${bucket}.M.${Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`;

function asStored(bucket: string, record: NewRecord): object {
  const { name, digest, mediaType, size, chunks, chunkId, firstChunk, live, users, storedAt } = record;
  const hash = Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64');
  return {
    name,
    bucket,
    nuid: chunkId,
    size,
    chunks,
    digest: live ? `SHA-256=${hash.replaceAll('+', '-').replaceAll('/', '_')}` : '',
    deleted: !live,
    mtime: new Date().toISOString(),
    options: { max_chunk_size: chunkBytes },
    // Undefined fields are dropped.
    metadata: {
      'media-type': mediaType,
      'first-chunk': String(firstChunk),
      users: usersAsText(users),
      'stored-at': storedAt === undefined ? undefined : String(storedAt),
    },
  };
}

const storedForm = z.object({
  nuid: z.string(),
  size: z.int().min(0),
  chunks: z.int().min(0),
  digest: z.string().default(''),
  deleted: z.boolean().default(false),
  metadata: z.record(z.string(), z.string()).default({}),
});

function parse(name: string, data: Uint8Array): NewRecord {
  const stored = storedForm.safeParse(JSON.parse(new TextDecoder().decode(data)));
  if (!stored.success) throw new GenwardenError('ArtifactStoreFailed', `The record of ${name} cannot be read.`);
  const { nuid, size, chunks, digest, deleted, metadata } = stored.data;
  return {
    name,
    digest: `sha256:${Buffer.from(digest.slice('SHA-256='.length), 'base64url').toString('hex')}`,
    mediaType: metadata['media-type'] ?? 'application/octet-stream',
    size,
    chunks,
    chunkId: nuid,
    // Other programs do not store the first chunk's sequence: reading then starts at the first message.
    firstChunk: Number(metadata['first-chunk'] ?? 1),
    live: !deleted,
    users: usersFrom(metadata['users']),
    ...(metadata['stored-at'] === undefined ? {} : { storedAt: Number(metadata['stored-at']) }),
  };
}
