// Reads that any replica of the stream may answer: cheap, and perhaps a moment old.

import type { Msg } from '@nats-io/transport-node';
import type { Sequence } from '../../../job/task.ts';
import type { DetailedEntry } from '../../../ports/jobLog.ts';
import { decodeEntry, entryOrThrow } from '../stream/codec.ts';
import { patiently, tryTimeout } from './api.ts';
import type { LogContext } from '../log/write.ts';
import { streamName } from '../stream/subjects.ts';

/** The newest message of each subject that fits. The server refuses more than 1,024. Throws `Unavailable`. */
export async function lastPerSubject(context: LogContext, filter: string): Promise<readonly DetailedEntry[]> {
  return (await directGet(context, { multi_last: [filter] })).entries;
}

/** Every message of one literal subject, oldest first. Throws `Unavailable`. */
export async function allOfSubject(context: LogContext, subject: string): Promise<readonly DetailedEntry[]> {
  const all: DetailedEntry[] = [];
  for (let seq = 1; ; seq = all.at(-1)!.sequence + 1) {
    const { entries, more } = await directGet(context, { seq, next_by_subj: subject, batch: 256 });
    all.push(...entries);
    if (!more || entries.length === 0) return all;
  }
}

interface DirectAnswer {
  readonly entries: readonly DetailedEntry[];
  readonly more: boolean;
}

const endOfBatch = 204;
const nothingFound = 404;

function directGet({ requests, prefix }: LogContext, query: object): Promise<DirectAnswer> {
  const subject = `$JS.API.DIRECT.GET.${streamName(prefix)}`;
  const question = { subject, payload: JSON.stringify(query), timeout: tryTimeout };
  return patiently('a direct get', async () => {
    const answer = await requests.many(question, (message) => (message.headers?.code ?? 0) !== 0);
    const code = answer?.last.headers?.code;
    if (answer === undefined || (code !== endOfBatch && code !== nothingFound)) return undefined;
    const entries = answer.answers.map((message) => entryOrThrow(decodeEntry(storedMessage(message))));
    return { entries, more: Number(answer.last.headers!.get('Nats-Num-Pending')) > 0 };
  });
}

function storedMessage({ headers, data }: Msg) {
  const sequence: Sequence = Number(headers!.get('Nats-Sequence'));
  return { sequence, at: Date.parse(headers!.get('Nats-Time-Stamp')), headers, data };
}
