// Writes one transition of one task on condition that the caller has seen the task's last message. The outcome is certain
// even when answers are lost.

import { nuid } from '@nats-io/transport-node';
import type { Sequence, TaskWrite } from '../../../job/task.ts';
import type { DetailedEntry, TaskAddress, WriteOutcome } from '../../../ports/jobLog.ts';
import { expect, publishConditionally } from '../jetstream/publish.ts';
import { encodeWrite } from '../stream/codec.ts';
import { subjectOf, taskFilter } from '../stream/subjects.ts';
import { lastOfTask, leaderEntry, type LogContext } from './entries.ts';

export async function writeTask(context: LogContext, next: TaskWrite, expected: Sequence): Promise<WriteOutcome> {
  const { link, now } = context;
  const { state } = next;
  const writeId = nuid.next();
  const { headers, body } = encodeWrite(next, writeId);
  expect(headers, { filter: taskFilter(link.prefix, state.of), sequence: expected });
  let sent = 0;
  const message = { subject: subjectOf(link.prefix, state), headers, body };
  const answer = await publishConditionally(link, message, { onSend: () => void (sent += 1) });
  if (answer.answer === 'stored') {
    return { outcome: 'written', entry: { sequence: answer.sequence, at: now(), writeId, state } };
  }
  const last = await lastKnown(context, state.of, answer.sequence);
  if (last?.writeId === writeId) {
    return { outcome: 'written', entry: { sequence: last.sequence, at: last.at, writeId, state } };
  }
  const own = sent > 1 && last !== undefined ? await ownWrite(context, state.of, expected, writeId) : undefined;
  if (own === undefined) return { outcome: 'refused', last };
  return { outcome: 'refused', last, overtaken: { sequence: own.sequence, at: own.at, writeId, state } };
}

/** This very write, if others were written after it between two attempts: only the first message after `expected` can be it. */
async function ownWrite(
  context: LogContext,
  address: TaskAddress,
  expected: Sequence,
  writeId: string,
): Promise<DetailedEntry | undefined> {
  const filter = taskFilter(context.link.prefix, address);
  const next = await leaderEntry(context, { seq: expected + 1, next_by_subj: filter });
  return next?.writeId === writeId ? next : undefined;
}

/**
 * The last message, no older than the one that refused the write. A server that was the leader a moment ago may answer with
 * older data, and the caller's next write would be refused in the same way.
 */
async function lastKnown(
  context: LogContext,
  address: TaskAddress,
  atLeast: Sequence,
): Promise<DetailedEntry | undefined> {
  const last = await lastOfTask(context, address);
  if (atLeast === 0 || (last !== undefined && last.sequence >= atLeast)) return last;
  return (await leaderEntry(context, { seq: atLeast })) ?? last;
}
