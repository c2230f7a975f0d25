// The conditional publish by which every task changes, and what its answers mean.

import type { MsgHdrs } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Sequence } from '../../../job/task.ts';
import { patiently, tryTimeout, type ApiError } from './api.ts';
import { nobodyThere, type Requests } from './requests.ts';

export interface Expectation {
  /** The filter whose last message is meant; the message's own subject where there is none. */
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
  /** The last message is another: `sequence`, which may be our own whose first answer was lost. */
  | { readonly answer: 'conflict'; readonly sequence: Sequence };

/**
 * Publishes until the stream's leader has answered. The same message goes out again after a lost answer: it either finds
 * the log as expected or conflicts with itself, which the caller sees by the write id.
 * Throws `StorageFull`, or `Unavailable` after ten seconds.
 */
export function publishConditionally(
  requests: Requests,
  message: Publishable,
  onSend: () => void = () => undefined,
): Promise<PublishAnswer> {
  const { subject, headers, body: payload } = message;
  return patiently(`a write to ${subject}`, async () => {
    const answer = await requests.one({ subject, headers, payload, timeout: tryTimeout, onSend });
    if (answer === undefined || nobodyThere(answer)) return undefined;
    return judge(answer.json<PubAck>());
  });
}

export interface PubAck {
  readonly seq: Sequence;
  readonly error?: ApiError;
}

/** Undefined means: try the same write again. */
export function judge({ seq, error }: PubAck): PublishAnswer | undefined {
  if (error === undefined) return { answer: 'stored', sequence: seq };
  if (error.err_code === wrongLastSequence) return { answer: 'conflict', sequence: sequenceIn(error.description) };
  if (storageErrors.has(error.err_code) || /maximum (bytes|messages)/.test(error.description)) {
    throw new GenwardenError('StorageFull', `NATS has no room for the message: ${error.description}.`);
  }
  if (againErrors.has(error.err_code) || error.code >= 500) return undefined;
  throw new GenwardenError('InternalError', `NATS refused the message: ${error.description} (${error.err_code}).`);
}

const wrongLastSequence = 10_071;
/** Insufficient resources; storage resources exceeded; account's resources exceeded; no space on the device. */
const storageErrors = new Set([10_023, 10_047, 10_002]);
/** Another write to the same subjects is in flight. Never an answer about our own write. */
const againErrors = new Set([10_164]);

/** "wrong last sequence: 17" */
const sequenceIn = (description: string): Sequence => Number(/(\d+)\s*$/.exec(description)?.[1] ?? 0);
