// Single messages from the stream's leader, the only one whose word counts when a message is not there.

import type { Sequence } from '../../../job/task.ts';
import type { StoredMessage } from '../stream/codec.ts';
import { askApi } from './api.ts';
import type { Requests } from './requests.ts';
import { streamName } from '../stream/subjects.ts';

export interface LeaderMessage extends StoredMessage {
  readonly subject: string;
}

export type LeaderQuery =
  | { readonly seq: Sequence }
  /** The newest message that fits; wildcards are allowed. */
  | { readonly last_by_subj: string }
  /** The first message that fits from `seq` on; wildcards are allowed. */
  | { readonly seq: Sequence; readonly next_by_subj: string };

/** Undefined where the leader has none. Throws `Unavailable`. */
export async function fromLeader(
  requests: Requests,
  prefix: string,
  query: LeaderQuery,
): Promise<LeaderMessage | undefined> {
  const { message } = await askApi<{ message?: ApiMessage }>(requests, `STREAM.MSG.GET.${streamName(prefix)}`, query);
  if (message === undefined) return undefined;
  return {
    subject: message.subject,
    sequence: message.seq,
    at: Date.parse(message.time),
    headers: headersFrom(Buffer.from(message.hdrs ?? '', 'base64').toString('utf8')),
    data: Buffer.from(message.data ?? '', 'base64'),
  };
}

interface ApiMessage {
  readonly subject: string;
  readonly seq: Sequence;
  readonly hdrs?: string;
  readonly data?: string;
  readonly time: string;
}

/** `NATS/1.0`, then a line for each header. */
function headersFrom(text: string): { get(name: string): string } {
  return {
    get: (name) => {
      const start = text.indexOf(`\r\n${name}: `);
      if (start < 0) return '';
      const from = start + name.length + 4;
      return text.slice(from, text.indexOf('\r\n', from));
    },
  };
}
