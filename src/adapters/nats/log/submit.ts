// Stores a new job: one plain publish for a single task, an atomic batch for several tasks or a concurrency key.

import { nuid } from '@nats-io/transport-node';
import { sleep } from '../../../async/sleep.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Sequence, SpecWrite } from '../../../job/task.ts';
import type { LogEntry, SubmitOutcome } from '../../../ports/jobLog.ts';
import { purgeStream } from '../jetstream/api.ts';
import {
  expect,
  publishBatch,
  publishConditionally,
  type PublishAnswer,
  type Publishable,
} from '../jetstream/publish.ts';
import { conflictDelay } from '../jetstream/retry.ts';
import { encodeWrite } from '../stream/codec.ts';
import { jobFilter, specsFilter, streamName, subjectOf } from '../stream/subjects.ts';
import { checkKey, keyMessage } from './concurrencyKey.ts';
import { leaderEntry, type LogContext } from './entries.ts';

const maxTasks = 500;
/** Each round ended with a change: leftovers were purged, or the key's holder changed. */
const maxRounds = 20;

export async function submitJob(context: LogContext, specs: readonly SpecWrite[]): Promise<SubmitOutcome> {
  if (specs.length < 1 || specs.length > maxTasks) throw new RangeError(`a job has 1 to ${maxTasks} tasks`);
  const writeId = nuid.next();
  for (let round = 1; round <= maxRounds; round += 1) {
    const outcome = await submitOnce(context, specs, writeId);
    if (outcome !== undefined) return outcome;
    await sleep(conflictDelay(round));
  }
  throw new GenwardenError('Unavailable', 'The submit kept conflicting with others for the same job or key.');
}

/** Returns undefined if the obstacle has been removed: try again. */
async function submitOnce(
  context: LogContext,
  specs: readonly SpecWrite[],
  writeId: string,
): Promise<SubmitOutcome | undefined> {
  const messages = specMessages(context.link.prefix, specs, writeId);
  const first = specs[0]!;
  if (first.detail.request.concurrencyKey !== null) {
    const key = await checkKey(context, first);
    if (key.state === 'held') {
      return (await earlierSubmit(context, specs, writeId)) ?? { outcome: 'conflict', holder: key.holder };
    }
    messages.push(keyMessage(context.link.prefix, first, writeId, key.expected));
  }
  const answer = await publish(context, messages);
  if (answer.answer === 'conflict') return earlierSubmit(context, specs, writeId);
  const firstSequence = answer.sequence - messages.length + 1;
  return { outcome: 'stored', entries: entriesFrom(firstSequence, specs, writeId, context.now()) };
}

function specMessages(prefix: string, specs: readonly SpecWrite[], writeId: string): Publishable[] {
  return specs.map((spec, index) => {
    const { headers, body } = encodeWrite(spec, writeId);
    // Only the first message may expect an empty job: the others are checked after the first one is counted.
    if (index === 0) expect(headers, { filter: jobFilter(prefix, spec.state.of.job), sequence: 0 });
    return { subject: subjectOf(prefix, spec.state), headers, body };
  });
}

/** A batch on a single server costs as much as some forty plain publishes, so a single message is not one. */
function publish({ link }: LogContext, messages: readonly Publishable[]): Promise<PublishAnswer> {
  return messages.length === 1 ? publishConditionally(link, messages[0]!) : publishBatch(link, messages);
}

/** What the stream already holds for this job: this submit whose answer was lost, another one, or leftovers to purge. */
async function earlierSubmit(
  context: LogContext,
  specs: readonly SpecWrite[],
  writeId: string,
): Promise<SubmitOutcome | undefined> {
  const { link } = context;
  const { job } = specs[0]!.state.of;
  const filter = jobFilter(link.prefix, job);
  const spec = await leaderEntry(context, { seq: 1, next_by_subj: specsFilter(link.prefix, job) });
  const entry = spec ?? (await leaderEntry(context, { last_by_subj: filter }));
  if (entry === undefined) return undefined;
  if (entry.writeId === writeId) {
    return { outcome: 'stored', entries: entriesFrom(entry.sequence, specs, writeId, entry.at) };
  }
  const { request } = entry.detail;
  if (request !== undefined && entry.state.of.expiresAt > context.now()) {
    return { outcome: 'exists', digest: request.digest };
  }
  // A job past its retention, or the tombstones of a deleted one: the id may be used again.
  await purgeStream(link, streamName(link.prefix), { filter });
  return undefined;
}

/** The specs are the first messages of their batch, so their sequences are contiguous. */
function entriesFrom(first: Sequence, specs: readonly SpecWrite[], writeId: string, at: number): LogEntry[] {
  return specs.map(({ state }, index) => ({ sequence: first + index, at, writeId, state }));
}
