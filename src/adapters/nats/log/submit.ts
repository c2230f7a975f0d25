// A new job into the stream: one plain publish for one task, one atomic batch for several or with a concurrency key.

import { setTimeout as pause } from 'node:timers/promises';
import { nuid, type NatsConnection } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Sequence, SpecWrite } from '../../../job/task.ts';
import type { LogEntry, SubmitOutcome } from '../../../ports/jobLog.ts';
import { decodeEntry, encodeWrite, entryOrThrow } from '../stream/codec.ts';
import { askApi } from '../jetstream/api.ts';
import { expect, publishConditionally, type PublishAnswer, type Publishable } from '../jetstream/publish.ts';
import type { LogContext } from './write.ts';
import { fromLeader } from '../jetstream/leaderReads.ts';
import { publishBatch } from './submitBatch.ts';
import { keyMessage, lookAtKey } from './concurrencyKey.ts';
import { jobFilter, specsFilter, streamName, subjectOf } from '../stream/subjects.ts';

export interface SubmitContext extends LogContext {
  readonly connection: NatsConnection;
}

const mostTasks = 500;
/** Each round had a reason to look again: leftovers purged, a key's holder that changed. */
const mostRounds = 20;

export async function submitJob(context: SubmitContext, specs: readonly SpecWrite[]): Promise<SubmitOutcome> {
  if (specs.length < 1 || specs.length > mostTasks) throw new RangeError(`a job has 1 to ${mostTasks} tasks`);
  const writeId = nuid.next();
  for (let round = 0; round < mostRounds; round += 1) {
    const outcome = await submitOnce(context, specs, writeId);
    if (outcome !== undefined) return outcome;
    await pause(round * 10);
  }
  throw new GenwardenError('Unavailable', 'The submit met another one for the same job or key again and again.');
}

/** Undefined means: what stood in the way is gone, look again. */
async function submitOnce(
  context: SubmitContext,
  specs: readonly SpecWrite[],
  writeId: string,
): Promise<SubmitOutcome | undefined> {
  const messages = specMessages(context.prefix, specs, writeId);
  const first = specs[0]!;
  if (first.detail.request.concurrencyKey !== null) {
    const key = await lookAtKey(context, first);
    if (key.state === 'held') {
      return (await earlierSubmit(context, specs, writeId)) ?? { outcome: 'conflict', holder: key.holder };
    }
    messages.push(keyMessage(context.prefix, first, writeId, key.expected));
  }
  const answer = await publish(context, messages);
  if (answer.answer === 'conflict') return earlierSubmit(context, specs, writeId);
  const firstSequence = answer.sequence - messages.length + 1;
  return { outcome: 'stored', entries: entriesFrom(firstSequence, specs, writeId, context.now()) };
}

/** The specs in order, then what else belongs to the batch: the sequences of the specs are then contiguous. */
function specMessages(prefix: string, specs: readonly SpecWrite[], writeId: string): Publishable[] {
  return specs.map((spec, index) => {
    const { headers, body } = encodeWrite(spec, writeId);
    // Only the first expects that there is nothing of the job: for the others there is the first.
    if (index === 0) expect(headers, { filter: jobFilter(prefix, spec.state.of.job), sequence: 0 });
    return { subject: subjectOf(prefix, spec.state), headers, body };
  });
}

function publish(context: SubmitContext, messages: readonly Publishable[]): Promise<PublishAnswer> {
  return messages.length === 1
    ? publishConditionally(context.requests, messages[0]!)
    : publishBatch(context.connection, context.requests, messages);
}

/** What is known of the job from before: our own submit whose answer was lost, another's, or leftovers, which go. */
async function earlierSubmit(
  context: SubmitContext,
  specs: readonly SpecWrite[],
  writeId: string,
): Promise<SubmitOutcome | undefined> {
  const { requests, prefix } = context;
  const { job } = specs[0]!.state.of;
  const spec = await fromLeader(requests, prefix, { seq: 1, next_by_subj: specsFilter(prefix, job) });
  const found = spec ?? (await fromLeader(requests, prefix, { last_by_subj: jobFilter(prefix, job) }));
  if (found === undefined) return undefined;
  const entry = entryOrThrow(decodeEntry(found));
  if (entry.writeId === writeId) {
    return { outcome: 'stored', entries: entriesFrom(entry.sequence, specs, writeId, entry.at) };
  }
  const { request } = entry.detail;
  if (request !== undefined && entry.state.of.expiresAt > context.now()) {
    return { outcome: 'exists', digest: request.digest };
  }
  // A job past its retention, or the tombstones of a deleted one: the id may be used again.
  await askApi(requests, `STREAM.PURGE.${streamName(prefix)}`, { filter: jobFilter(prefix, job) });
  return undefined;
}

function entriesFrom(first: Sequence, specs: readonly SpecWrite[], writeId: string, at: number): LogEntry[] {
  return specs.map(({ state }, index) => ({ sequence: first + index, at, writeId, state }));
}
