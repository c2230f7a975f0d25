// A new run of a job with a concurrency key: one batch that queues the task again and takes the key again.

import { nuid } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Sequence, SpecWrite, TaskWrite } from '../../../job/task.ts';
import type { LogEntry, WriteOutcome } from '../../../ports/jobLog.ts';
import { encodeWrite } from '../stream/codec.ts';
import { expect, type Publishable } from '../jetstream/publish.ts';
import { lastOfTask } from './write.ts';
import type { SubmitContext } from './submit.ts';
import { publishBatch } from './submitBatch.ts';
import { keyMessage, lookAtKey } from './concurrencyKey.ts';
import { subjectOf, taskFilter } from '../stream/subjects.ts';

/** Its job had finished, or may have, and another may hold the key by now. */
export function takesKeyAgain(next: TaskWrite): next is SpecWrite {
  const { state, detail } = next;
  if (state.state !== 'queued' || (state.reason !== 'Retried' && state.reason !== 'Tweaked')) return false;
  return (detail.request?.concurrencyKey ?? null) !== null;
}

/** Each round, the key has changed hands since it was looked at. */
const mostRounds = 20;

/** Throws `ConcurrencyConflict` with `details.holder` where another open job holds the key, and what a write throws. */
export async function writeNewRun(context: SubmitContext, next: SpecWrite, expected: Sequence): Promise<WriteOutcome> {
  const writeId = nuid.next();
  const { state } = next;
  const entry = (sequence: Sequence): LogEntry => ({ sequence, at: context.now(), writeId, state });
  for (let round = 0; round < mostRounds; round += 1) {
    const key = await lookAtKey(context, next);
    if (key.state === 'held') throw heldByAnother(next, key.holder);
    const messages = [specMessage(context.prefix, next, writeId, expected)];
    messages.push(keyMessage(context.prefix, next, writeId, key.expected));
    const answer = await publishBatch(context.connection, context.requests, messages);
    if (answer.answer === 'stored') return { outcome: 'written', entry: entry(answer.sequence - 1) };
    const last = await lastOfTask(context, state.of);
    if (last?.writeId === writeId) return { outcome: 'written', entry: entry(last.sequence) };
    if ((last?.sequence ?? 0) !== expected) return { outcome: 'refused', last };
  }
  throw new GenwardenError('Unavailable', 'The concurrency key changed hands again and again.');
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
