// The record of an object, in the form of NATS's Object Store (ADR-20): one message per name, the newest counts.

import { headers } from '@nats-io/transport-node';
import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';
import { isNothingFound } from '../jetstream/errors.ts';
import type { NatsLink } from '../link/connection.ts';

export interface Store {
  readonly link: NatsLink;
  readonly bucket: string;
}

export interface ObjectRecord {
  readonly name: string;
  /** `sha256:` and hexadecimal digits; empty for a deleted object. */
  readonly digest: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly chunks: number;
  /** Under which the chunks are stored; new with every put. */
  readonly chunkId: string;
  /** The stream's sequence of the first chunk. */
  readonly firstChunk: number;
  readonly live: boolean;
  readonly revision: number;
  /** By the server's clock, ms. */
  readonly storedAt: number;
}

export const chunkBytes = 128 * 1024;

/** From the stream's leader; undefined where there is none. A deleted one is not `live`. */
export async function readObject({ link, bucket }: Store, name: string): Promise<ObjectRecord | undefined> {
  try {
    const message = await link.whileConnected(() =>
      link.jsm.streams.getMessage(`OBJ_${bucket}`, { last_by_subj: recordSubject(bucket, name) }),
    );
    if (message === null) return undefined;
    return { ...parse(name, message.data), revision: message.seq, storedAt: message.time.getTime() };
  } catch (error) {
    if (isNothingFound(error)) return undefined;
    throw error;
  }
}

/** Refused with a conflict where the record's revision is not `expected` (0: none). */
export async function writeObject(
  { link, bucket }: Store,
  record: Omit<ObjectRecord, 'revision' | 'storedAt'>,
  expected: number,
): Promise<void> {
  const head = headers();
  head.set('Nats-Rollup', 'sub');
  await link.whileConnected(() =>
    link.js.publish(recordSubject(bucket, record.name), JSON.stringify(asStored(bucket, record)), {
      headers: head,
      expect: { lastSubjectSequence: expected },
    }),
  );
}

const recordSubject = (bucket: string, name: string): string =>
  `$O.${bucket}.M.${Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`;

function asStored(bucket: string, record: Omit<ObjectRecord, 'revision' | 'storedAt'>): object {
  const { name, digest, mediaType, size, chunks, chunkId, firstChunk, live } = record;
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
    metadata: { 'media-type': mediaType, 'first-chunk': String(firstChunk) },
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

function parse(name: string, data: Uint8Array): Omit<ObjectRecord, 'revision' | 'storedAt'> {
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
    // Objects put by other programs do not say: the first one is searched from the start.
    firstChunk: Number(metadata['first-chunk'] ?? 1),
    live: !deleted,
  };
}
