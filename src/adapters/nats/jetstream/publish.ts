// Publishes to streams: conditional writes, alone or as an atomic batch, and plain messages that are sent once.

import { JetStreamApiError } from '@nats-io/jetstream';
import { nuid, type MsgHdrs } from '@nats-io/transport-node';
import type { ErrorCode } from '../../../job/errors/index.ts';
import type { Sequence } from '../../../job/time.ts';
import { answerOf, attemptTimeout } from './api.ts';
import { isStorageFull, isUnsettled, isWrongLastSequence, NoAnswer, portError } from './errors.ts';
import { requestsOf, type Request, type RequestLink } from './requests.ts';
import { forBatches, retry, whileRunning } from './retry.ts';
import { storageOf } from './storageHealth.ts';
import { streamOf } from './streamNames.ts';
import { fullDisk, writesAnswered } from './unansweredWrites.ts';

export interface Expectation {
  /** The filter that selects the last message; default: the message's own subject. */
  readonly filter?: string;
  readonly sequence: Sequence;
}

export function expect(headers: MsgHdrs, { filter, sequence }: Expectation): MsgHdrs {
  headers.append('Nats-Expected-Last-Subject-Sequence', String(sequence));
  if (filter !== undefined) headers.append('Nats-Expected-Last-Subject-Sequence-Subject', filter);
  return headers;
}

export interface Publishable {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly body: string;
}

export type PublishAnswer =
  | { readonly answer: 'stored'; readonly sequence: Sequence }
  /** The last message is a different one, at `sequence`. It may be our own write if its first answer was lost. */
  | { readonly answer: 'conflict'; readonly sequence: Sequence };

export interface PublishOptions {
  readonly onSend?: () => void;
  /** The error's code if NATS refuses the message for good. */
  readonly refusedAs?: ErrorCode;
}

/**
 * Publishes until the stream's leader has answered. The same message is sent again after a lost answer: it either finds
 * the stream as expected, or conflicts with itself, which the caller recognises by an id in the message. Throws
 * `StorageFull`, or `Unavailable` after ten seconds.
 */
export function publishConditionally(
  link: RequestLink,
  { subject, headers, body: payload }: Publishable,
  { onSend = () => undefined, refusedAs }: PublishOptions = {},
): Promise<PublishAnswer> {
  const request = { subject, headers, payload, timeout: attemptTimeout, onSend };
  return retry(whileRunning, `A write to ${subject} failed`, () => acknowledged(link, request, refusedAs));
}

/**
 * Publishes all messages or none; the sequences are contiguous, and `sequence` is the last one's. Retries under a new batch
 * id until answered; throws `StorageFull`, or `Unavailable` after 14 s.
 */
export function publishBatch(link: RequestLink, messages: readonly Publishable[]): Promise<PublishAnswer> {
  return retry(forBatches, `A batch of ${messages.length} messages failed`, async () => {
    // Otherwise the client would send the first messages of the batch at the reconnect, and never the last one.
    if (!requestsOf(link).canSend()) throw new NoAnswer('disconnected');
    const commit = messages.at(-1)!;
    const batch = nuid.next();
    for (const [index, { subject, headers, body }] of messages.entries()) {
      headers.set('Nats-Batch-Id', batch);
      headers.set('Nats-Batch-Sequence', String(index + 1));
      // Only the commit is answered. The client would wait for an answer to the first message, which allows only 50 batches
      // at a time.
      if (index < messages.length - 1) link.connection.publish(subject, body, { headers });
    }
    const { subject, headers, body: payload } = commit;
    headers.set('Nats-Batch-Commit', '1');
    return acknowledged(link, { subject, headers, payload, timeout: 2 * attemptTimeout });
  });
}

/** Publishes without a condition; never sent twice. Returns the sequence; throws `NoAnswer` or `JetStreamApiError`. */
export function publishOnce(link: RequestLink, subject: string, payload: Uint8Array): Promise<Sequence> {
  return observed(link, { subject, payload, timeout: 5_000, sendOnce: true });
}

interface PubAck {
  readonly seq: Sequence;
}

async function acknowledged(
  link: RequestLink,
  request: Request,
  refusedAs: ErrorCode = 'InternalError',
): Promise<PublishAnswer> {
  try {
    return { answer: 'stored', sequence: await observed(link, request) };
  } catch (error) {
    if (isWrongLastSequence(error)) return { answer: 'conflict', sequence: sequenceIn(error.message) };
    // Full storage is reported immediately, although some of its codes are 5xx.
    const isFinal = error instanceof JetStreamApiError && (isStorageFull(error) || !isUnsettled(error));
    throw isFinal ? portError(error, refusedAs, `The message to ${request.subject} was not stored`) : error;
  }
}

/** "wrong last sequence: 17" */
const sequenceIn = (description: string): Sequence => Number(/(\d+)\s*$/.exec(description)?.[1] ?? 0);

/**
 * In a domain, writes to buckets go through its API: a leaf node with another domain lets no other message to `$KV` through.
 * Subjects of object stores and of the installation pass as they are.
 */
const publishSubject = ({ apiPrefix }: RequestLink, subject: string): string =>
  apiPrefix !== '$JS.API' && subject.startsWith('$KV.') ? `${apiPrefix}.${subject}` : subject;

/** Sends one message. Its outcome counts for what this process knows about the storage. */
async function observed(link: RequestLink, request: Request): Promise<Sequence> {
  const stream = streamOf(request.subject);
  try {
    const subject = publishSubject(link, request.subject);
    const { seq } = await answerOf<PubAck>(link, { ...request, subject });
    storageOf(link).stored(stream);
    writesAnswered(link, stream);
    return seq;
  } catch (error) {
    storageOf(link).failed(stream, error);
    // A server whose disk is full answers no write, not even with a refusal.
    if (error instanceof JetStreamApiError && !isStorageFull(error)) writesAnswered(link, stream);
    throw (await fullDisk(link, stream, error)) ?? error;
  }
}
