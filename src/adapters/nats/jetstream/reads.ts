// Reads stored messages: from the stream's leader, whose answer is final, or by direct get from any replica, which is cheap
// but may be a moment old.

import type { Msg } from '@nats-io/transport-node';
import type { Instant, Sequence } from '../../../job/time.ts';
import { askApi, attemptTimeout } from './api.ts';
import { isMessageNotFound, NoAnswer, statuses, statusOf } from './errors.ts';
import { requestsOf, type RequestLink } from './requests.ts';
import { retry, whileRunning } from './retry.ts';

export interface MessageContent {
  readonly sequence: Sequence;
  readonly at: Instant;
  readonly headers: { get(name: string): string } | undefined;
  readonly data: Uint8Array;
}

export interface StoredMessage extends MessageContent {
  readonly subject: string;
}

export type LeaderQuery =
  | { readonly seq: Sequence }
  /** The newest message that matches; wildcards are allowed. */
  | { readonly last_by_subj: string }
  /** The first message from `seq` on that matches; wildcards are allowed. */
  | { readonly seq: Sequence; readonly next_by_subj: string };

/** Undefined if the leader has no such message. Throws as `askApi` does. */
export async function leaderRead(
  link: RequestLink,
  stream: string,
  query: LeaderQuery,
): Promise<StoredMessage | undefined> {
  try {
    const { message } = await askApi<{ message: ApiMessage }>(link, `STREAM.MSG.GET.${stream}`, query);
    return {
      subject: message.subject,
      sequence: message.seq,
      at: Date.parse(message.time),
      headers: parseHeaders(Buffer.from(message.hdrs ?? '', 'base64').toString('utf8')),
      data: Buffer.from(message.data ?? '', 'base64'),
    };
  } catch (error) {
    if (isMessageNotFound(error)) return undefined;
    throw error;
  }
}

interface ApiMessage {
  readonly subject: string;
  readonly seq: Sequence;
  readonly hdrs?: string;
  readonly data?: string;
  readonly time: string;
}

/** `NATS/1.0`, then one line for each header. */
function parseHeaders(text: string): { get(name: string): string } {
  return {
    get: (name) => {
      const start = text.indexOf(`\r\n${name}: `);
      if (start < 0) return '';
      const from = start + name.length + 4;
      return text.slice(from, text.indexOf('\r\n', from));
    },
  };
}

export type DirectQuery =
  /** The newest message of each matching subject. The server refuses more than 1,024. */
  | { readonly multi_last: readonly string[] }
  /** Up to `batch` messages from `seq` on. A literal subject needs no consumer; wildcards cost five times as much. */
  | { readonly seq: Sequence; readonly next_by_subj: string; readonly batch: number };

export interface DirectAnswer {
  readonly messages: readonly StoredMessage[];
  /** Whether the stream has further matching messages. */
  readonly more: boolean;
}

/** `timeout`: without any answer, ms. Throws `Unavailable` or `NatsPermissionDenied`. */
export async function directRead(
  link: RequestLink,
  stream: string,
  query: DirectQuery,
  timeout = attemptTimeout,
): Promise<DirectAnswer> {
  const answer = await directReadOrTooMany(link, stream, query, timeout);
  if (answer === 'tooMany') throw new Error(`a direct get from ${stream} has more than 1,024 results`);
  return answer;
}

/** As `directRead`; `tooMany` if the server refuses the query because it has more than 1,024 results. */
export function directReadOrTooMany(
  link: RequestLink,
  stream: string,
  query: DirectQuery,
  timeout = attemptTimeout,
): Promise<DirectAnswer | 'tooMany'> {
  const subject = `${link.apiPrefix}.DIRECT.GET.${stream}`;
  const request = { subject, payload: JSON.stringify(query), timeout };
  return retry(whileRunning, `A direct get from ${stream} failed`, async () => {
    const answer = await requestsOf(link).many(request, (message) => statusOf(message) !== 0);
    if (answer === undefined) throw new NoAnswer('timeout');
    const { answers, last } = answer;
    const status = statusOf(last);
    if (status === statuses.tooManyResults) return 'tooMany';
    if (status !== statuses.endOfBatch && status !== statuses.notFound) throw new NoAnswer(`status ${status}`);
    return { messages: answers.map(storedMessage), more: Number(last.headers!.get('Nats-Num-Pending')) > 0 };
  });
}

/** Every message of a subject, best a literal one, oldest first. Throws as `directRead` does. */
export async function allOfSubject(
  link: RequestLink,
  stream: string,
  subject: string,
): Promise<readonly StoredMessage[]> {
  const all: StoredMessage[] = [];
  for (let seq = 1; ; seq = all.at(-1)!.sequence + 1) {
    const { messages, more } = await directRead(link, stream, { seq, next_by_subj: subject, batch: 256 });
    all.push(...messages);
    if (!more || messages.length === 0) return all;
  }
}

/** The answer's own subject is the inbox: the stored message's subject is in a header. */
function storedMessage({ headers, data }: Msg): StoredMessage {
  return {
    subject: headers!.get('Nats-Subject'),
    sequence: Number(headers!.get('Nats-Sequence')),
    at: Date.parse(headers!.get('Nats-Time-Stamp')),
    headers,
    data,
  };
}
