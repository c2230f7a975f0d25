// Submit, from a checked body to a stored job: merge, place, time, store references, then one atomic write.

import { createHash } from 'node:crypto';
import { GenwardenError } from '../../job/errors/index.ts';
import { jobIdFrom, type JobId } from '../../job/ids.ts';
import type { SpecWrite } from '../../job/task.ts';
import type { JobRecord, LogEntry } from '../../ports/jobLog.ts';
import type { JobsContext } from '../context.ts';
import { isDeletedOrExpired } from '../read.ts';
import type { SubmitBody } from './body.ts';
import { digestOf } from './json.ts';
import { mergeTasks } from './mergeTasks.ts';
import { placementOf } from './placement.ts';
import { resolveReferences } from './references.ts';
import { specsOf } from './specs.ts';
import { timingOf } from './timing.ts';

export interface Submit {
  readonly tenant: string;
  /** The client's, or undefined. */
  readonly idempotencyKey: string | undefined;
  readonly body: SubmitBody;
  /** The uid of the resource that asks for the job: one resource makes one job, whatever its body says by then. */
  readonly owner?: string;
}

export type SubmitContext = Pick<
  JobsContext,
  'log' | 'follower' | 'clock' | 'pools' | 'artifacts' | 'retentionMs' | 'random'
>;

export interface Submitted {
  readonly record: JobRecord;
  /** The same key and body came before: this is the first job. */
  readonly replayed: boolean;
}

/** Who a submit is, so that the same key makes one job; without a key a fresh one stands in, named if no answer comes. */
interface Identified extends Submit {
  readonly key: string;
  readonly job: JobId;
  readonly digest: string;
}

/** Throws a code of the catalogue; `Unavailable` names the job id and the key with which to send the same again. */
export async function submitJob(context: SubmitContext, submit: Submit): Promise<Submitted> {
  const identified = identify(submit, context.random);
  try {
    return (await earlierJob(context, identified)) ?? (await storeJob(context, identified));
  } catch (error) {
    const nameable = submit.owner === undefined && error instanceof GenwardenError && error.code === 'Unavailable';
    throw nameable ? namingRetry(error, identified) : error;
  }
}

function identify(submit: Submit, random: SubmitContext['random']): Identified {
  const key = submit.idempotencyKey ?? Buffer.from(random(18)).toString('base64url');
  const job = submit.owner === undefined ? jobIdOf(`${submit.tenant}\0${key}`) : jobIdOfOwner(submit.owner);
  return { ...submit, key, job, digest: digestOf(submit.body) };
}

/** The one job of a resource. No tenant is empty: no client's key comes to the same. */
export const jobIdOfOwner = (uid: string): JobId => jobIdOf(`\0resource\0${uid}`);

const jobIdOf = (text: string): JobId => jobIdFrom(createHash('sha256').update(text).digest());

/** A job that this process knows of needs no checks and no write: what changed since, a pool's models say, matters not. */
async function earlierJob(context: SubmitContext, submit: Identified): Promise<Submitted | undefined> {
  if (context.follower.index.job(submit.job) === undefined) return undefined;
  const record = await context.log.read(submit.job);
  return record === undefined || isDeletedOrExpired(record, context.clock.now()) ? undefined : replay(record, submit);
}

async function storeJob(context: SubmitContext, submit: Identified): Promise<Submitted> {
  const { body, tenant, job, digest, owner = null } = submit;
  const tasks = mergeTasks(body);
  const placement = placementOf(body, context.pools, context.follower, tenant);
  const { provider, policy } = placement.pool;
  const timing = timingOf(body.kind, body.policy, policy, context.retentionMs, context.clock.now());
  const references = await resolveReferences(tasks, context.artifacts, tenant, provider);
  return write(context, submit, specsOf({ job, tenant, digest, owner, body, tasks, placement, timing, references }));
}

const mostTries = 3;

async function write(context: SubmitContext, submit: Identified, specs: readonly SpecWrite[]): Promise<Submitted> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const outcome = await context.log.submit(specs);
    if (outcome.outcome === 'conflict') throw conflict(submit, outcome.holder);
    if (outcome.outcome === 'stored') {
      for (const entry of outcome.entries) context.follower.applyOwn(entry);
      return { record: recordOf(submit.job, specs, outcome.entries), replayed: false };
    }
    const record = await context.log.read(submit.job);
    if (record !== undefined && !isDeletedOrExpired(record, context.clock.now())) return replay(record, submit);
    if (record !== undefined && submit.owner !== undefined) throw jobOfOwnerGone(submit.job);
    // Leftovers of a job that was deleted or whose retention is over stand in the way of the same key.
    if (record !== undefined) await context.log.purge(submit.job, record.tasks[0]!.last.state.of.pool);
  }
  throw new GenwardenError('Unavailable', 'What is left of an earlier job of this key could not be removed yet');
}

function replay(record: JobRecord, { digest, idempotencyKey, owner }: Identified): Submitted {
  const [first] = record.tasks;
  const same = owner === undefined ? first?.request.digest === digest : first?.last.state.of.owner === owner;
  if (same) return { record, replayed: true };
  throw new GenwardenError('IdempotencyKeyReused', `Job ${record.job} was submitted with this key and another body`, {
    details: { jobId: record.job, idempotencyKey },
  });
}

/** A resource that outlives its job has had it: it is not run, and paid, again. */
const jobOfOwnerGone = (job: JobId): GenwardenError =>
  new GenwardenError('JobNotFound', `Job ${job} of this resource was deleted, or its retention is over`);

function recordOf(job: JobId, specs: readonly SpecWrite[], entries: readonly LogEntry[]): JobRecord {
  const byTask = new Map(entries.map((entry) => [entry.state.of.task, entry]));
  const tasks = specs.map(({ state, detail }) => {
    return { last: { ...byTask.get(state.of.task)!, detail }, request: detail.request };
  });
  return { job, tasks };
}

function conflict({ body }: Identified, holder: JobId): GenwardenError {
  const message = `Job ${holder} is open and holds the concurrency key ${body.concurrencyKey}`;
  return new GenwardenError('ConcurrencyConflict', message, { details: { holder } });
}

function namingRetry(error: GenwardenError, { job, key }: Identified): GenwardenError {
  const message = `${error.message}. The job may have been stored: send the same body with Idempotency-Key: ${key}`;
  return new GenwardenError('Unavailable', message, {
    cause: error,
    details: { ...error.details, jobId: job, idempotencyKey: key },
  });
}
