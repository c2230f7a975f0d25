// Starts a new run of a job with a concurrency key: one batch queues the task and takes the key again.

import { nuid } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Sequence, SpecWrite, TaskWrite } from '../../../job/task.ts';
import type { LogEntry, WriteOutcome } from '../../../ports/jobLog.ts';
import { expect, publishBatch, type Publishable } from '../jetstream/publish.ts';
import { encodeWrite } from '../stream/codec.ts';
import { subjectOf, taskFilter } from '../stream/subjects.ts';
import { checkKey, keyMessage } from './concurrencyKey.ts';
import { lastOfTask, type LogContext } from './entries.ts';

/** The job may have finished before this write, so another job may hold the key by now. */
export function takesKeyAgain(next: TaskWrite): next is SpecWrite {
  const { state, detail } = next;
  if (state.state !== 'queued' || (state.reason !== 'Retried' && state.reason !== 'Tweaked')) return false;
  return (detail.request?.concurrencyKey ?? null) !== null;
}

/** In each failed round the key's holder changed between check and write. */
const maxRounds = 20;

/** Throws `ConcurrencyConflict` with `details.holder` if another open job holds the key, and the errors of a write. */
export async function writeNewRun(context: LogContext, next: SpecWrite, expected: Sequence): Promise<WriteOutcome> {
  const writeId = nuid.next();
  const { state } = next;
  const entry = (sequence: Sequence): LogEntry => ({ sequence, at: context.now(), writeId, state });
  for (let round = 0; round < maxRounds; round += 1) {
    const key = await checkKey(context, next);
    if (key.state === 'held') throw heldByAnother(next, key.holder);
    const messages = [specMessage(context.link.prefix, next, writeId, expected)];
    messages.push(keyMessage(context.link.prefix, next, writeId, key.expected));
    const answer = await publishBatch(context.link, messages);
    if (answer.answer === 'stored') return { outcome: 'written', entry: entry(answer.sequence - 1) };
    const last = await lastOfTask(context, state.of);
    if (last?.writeId === writeId) return { outcome: 'written', entry: entry(last.sequence) };
    if ((last?.sequence ?? 0) !== expected) return { outcome: 'refused', last };
  }
  throw new GenwardenError('Unavailable', 'The holder of the concurrency key kept changing.');
}

function specMessage(prefix: string, next: SpecWrite, writeId: string, sequence: Sequence): Publishable {
  const { headers, body } = encodeWrite(next, writeId);
  expect(headers, { filter: taskFilter(prefix, next.state.of), sequence });
  return { subject: subjectOf(prefix, next.state), headers, body };
}

function heldByAnother({ detail }: SpecWrite, holder: string): GenwardenError {
  const message = `Job ${holder} is open and holds the concurrency key ${detail.request.concurrencyKey}`;
  return new GenwardenError('ConcurrencyConflict', message, { details: { holder } });
}
