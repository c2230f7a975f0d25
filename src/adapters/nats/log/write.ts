// One transition of one task: published against the last message the caller saw, and settled whatever answers get lost.

import { nuid } from '@nats-io/transport-node';
import type { Sequence, TaskWrite } from '../../../job/task.ts';
import type { DetailedEntry, TaskAddress, WriteOutcome } from '../../../ports/jobLog.ts';
import { decodeEntry, encodeWrite, entryOrThrow } from '../stream/codec.ts';
import { expect, publishConditionally } from '../jetstream/publish.ts';
import type { Requests } from '../jetstream/requests.ts';
import { fromLeader } from '../jetstream/leaderReads.ts';
import { subjectOf, taskFilter } from '../stream/subjects.ts';

export interface LogContext {
  readonly requests: Requests;
  readonly prefix: string;
  /** The server's time. */
  readonly now: () => number;
}

export async function writeTask(context: LogContext, next: TaskWrite, expected: Sequence): Promise<WriteOutcome> {
  const { requests, prefix, now } = context;
  const { state } = next;
  const writeId = nuid.next();
  const { headers, body } = encodeWrite(next, writeId);
  expect(headers, { filter: taskFilter(prefix, state.of), sequence: expected });
  let sent = 0;
  const message = { subject: subjectOf(prefix, state), headers, body };
  const answer = await publishConditionally(requests, message, () => void (sent += 1));
  if (answer.answer === 'stored') {
    return { outcome: 'written', entry: { sequence: answer.sequence, at: now(), writeId, state } };
  }
  const last = await lastKnown(context, state.of, answer.sequence);
  if (last?.writeId === writeId) {
    return { outcome: 'written', entry: { sequence: last.sequence, at: last.at, writeId, state } };
  }
  const own = sent > 1 && last !== undefined ? await ownBefore(context, state.of, expected, writeId) : undefined;
  if (own === undefined) return { outcome: 'refused', last };
  return { outcome: 'refused', last, overtaken: { sequence: own.sequence, at: own.at, writeId, state } };
}

/** The write itself, where others wrote over it between two tries: only the first message after `expected` can be it. */
async function ownBefore(
  context: LogContext,
  address: TaskAddress,
  expected: Sequence,
  writeId: string,
): Promise<DetailedEntry | undefined> {
  const message = await fromLeader(context.requests, context.prefix, {
    seq: expected + 1,
    next_by_subj: taskFilter(context.prefix, address),
  });
  const next = message === undefined ? undefined : entryOrThrow(decodeEntry(message));
  return next?.writeId === writeId ? next : undefined;
}

/** A task's last message from the leader. */
export async function lastOfTask(context: LogContext, address: TaskAddress): Promise<DetailedEntry | undefined> {
  const message = await fromLeader(context.requests, context.prefix, {
    last_by_subj: taskFilter(context.prefix, address),
  });
  return message === undefined ? undefined : entryOrThrow(decodeEntry(message));
}

/**
 * The last message, no older than the one that refused the write: a leader of a moment ago may answer with what it knew
 * then, and the caller would meet the same refusal again.
 */
async function lastKnown(
  context: LogContext,
  address: TaskAddress,
  atLeast: Sequence,
): Promise<DetailedEntry | undefined> {
  const last = await lastOfTask(context, address);
  if (atLeast === 0 || (last !== undefined && last.sequence >= atLeast)) return last;
  const refuser = await fromLeader(context.requests, context.prefix, { seq: atLeast });
  return refuser === undefined ? last : entryOrThrow(decodeEntry(refuser));
}
