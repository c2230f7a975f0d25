// Submits a job: merges its tasks, chooses pool and model, computes its times, checks schemas, stores references, and writes it atomically.

import { createHash } from 'node:crypto';
import { GenwardenError } from '../../job/errors/index.ts';
import { jobIdFrom, type JobId, type TaskIndex } from '../../job/ids.ts';
import type { FallbackRequest, Target } from '../../job/policy.ts';
import type { ResultCheck } from '../../job/resultCheck.ts';
import type { SpecWrite, TaskIdentity, TaskInput, TaskRequest } from '../../job/task.ts';
import { submitted } from '../../job/transitions.ts';
import type { JobRecord, LogEntry } from '../../ports/jobLog.ts';
import type { PoolDeclaration } from '../../ports/poolRegistry.ts';
import type { JobsContext } from '../context.ts';
import { isDeletedOrExpired } from '../read.ts';
import type { SubmitBody } from './body.ts';
import { fallbacksOf } from './fallbacks.ts';
import { digestOf } from './json.ts';
import { acceptingOf, refuseReferences, refuseShape, type Destination } from './limits.ts';
import { mergeTasks, type RequestedTask } from './mergeTasks.ts';
import { placementOf, type Placement } from './placement.ts';
import { policyRequestOf } from './policyBody.ts';
import { refuseProviderOptions } from './providerOptions.ts';
import { openReferences, type ResolvedReferences } from './references.ts';
import { checkRequestOf, resultChecks } from './resultChecks.ts';
import { checkSchemas } from './schemas.ts';
import { timingOf, type Timing } from './timing.ts';

export interface Submit {
  readonly tenant: string;
  /** Undefined if the client sent none. */
  readonly idempotencyKey: string | undefined;
  readonly body: SubmitBody;
  /** The uid of the custom resource that submits the job: one resource creates one job, even if its body changes. */
  readonly owner?: string;
}

export type SubmitContext = Pick<
  JobsContext,
  'log' | 'follower' | 'clock' | 'pools' | 'artifacts' | 'images' | 'schemas' | 'retentionMs' | 'random'
>;

export interface Submitted {
  readonly record: JobRecord;
  /** The same key and body were submitted before: `record` is that job. */
  readonly replayed: boolean;
}

/** A submit with its identity. Without a client's key it gets a random one, which is reported if NATS does not answer. */
interface Identified extends Submit {
  readonly key: string;
  readonly job: JobId;
  readonly digest: string;
}

/** Throws a catalogue error; `Unavailable` carries the job id and the key with which to retry safely. */
export async function submitJob(context: SubmitContext, submit: Submit): Promise<Submitted> {
  const identified = identify(submit, context.random);
  try {
    return (await earlierJob(context, identified)) ?? (await storeJob(context, identified));
  } catch (error) {
    const canBeRetried = submit.owner === undefined && error instanceof GenwardenError && error.code === 'Unavailable';
    throw canBeRetried ? withRetryKey(error, identified) : error;
  }
}

function identify(submit: Submit, random: SubmitContext['random']): Identified {
  const key = submit.idempotencyKey ?? Buffer.from(random(18)).toString('base64url');
  const job = submit.owner === undefined ? jobIdOf(`${submit.tenant}\0${key}`) : jobIdOfOwner(submit.owner);
  return { ...submit, key, job, digest: digestOf(submit.body) };
}

/** The only job of a custom resource. A tenant's name is never empty, so no client's key yields the same id. */
export const jobIdOfOwner = (uid: string): JobId => jobIdOf(`\0resource\0${uid}`);

const jobIdOf = (text: string): JobId => jobIdFrom(createHash('sha256').update(text).digest());

/** A job that is already known needs no checks and no write. Later changes, for example to a pool's models, don't matter. */
async function earlierJob(context: SubmitContext, submit: Identified): Promise<Submitted | undefined> {
  if (context.follower.index.job(submit.job) === undefined) return undefined;
  const record = await context.log.read(submit.job);
  return record === undefined || isDeletedOrExpired(record, context.clock.now()) ? undefined : replay(record, submit);
}

async function storeJob(context: SubmitContext, submit: Identified): Promise<Submitted> {
  const { body, tenant, job, digest, owner = null } = submit;
  const tasks = mergeTasks(body);
  const placement = placementOf(body, context.pools, context.follower, tenant);
  const { policy } = placement.pool;
  const asked = policyRequestOf(body.policy ?? {});
  const wanted = {
    kind: body.kind,
    tenant,
    primary: placement,
    requested: asked.fallback,
  };
  const fallbacks = fallbacksOf(context, wanted);
  const destinations = destinationsOf(context, placement, fallbacks, wanted.requested);
  const { check, places } = resultChecks(context.pools, {
    requested: asked,
    pool: placement.pool,
    places: destinations,
  });
  const fitting = acceptingOf(places, refuseProviderOptions(body, tasks));
  const shaped = acceptingOf(fitting, refuseShape(body, tasks));
  await checkSchemas(body, checkRequestOf(asked, placement.pool), context.schemas, tenant);
  const opened = await openReferences(context, body, tasks, tenant);
  const [, ...accepting] = acceptingOf(shaped, refuseReferences(tasks, opened));
  const timing = timingOf(body.kind, body.policy, policy, context.retentionMs, context.clock.now());
  const references = await opened.store(timing.expiresAt);
  const newJob = { job, tenant, digest, owner, body, tasks, placement, references, check };
  return write(context, submit, specsOf({ ...newJob, timing: withFallback(timing, accepting) }));
}

/** The job's own pool and model first, then its fallbacks. */
function destinationsOf(
  { pools }: SubmitContext,
  { pool, model }: Placement,
  fallbacks: readonly Target[],
  requested: readonly FallbackRequest[] | undefined,
): readonly Destination[] {
  const rest = fallbacks.map((target, at): Destination => {
    const declared = pools.find(target.pool) ?? pool;
    return {
      ...target,
      ...optionRulesOf(declared),
      ...(requested === undefined ? { optional: true } : { path: `policy.fallback[${at}]` }),
    };
  });
  return [{ pool: pool.name, model, ...optionRulesOf(pool) }, ...rest];
}

const optionRulesOf = ({ provider, providerOptions: options }: PoolDeclaration) => ({
  provider,
  ...(options === undefined ? {} : { options }),
});

function withFallback(timing: Timing, accepting: readonly Destination[]): Timing {
  const fallback = accepting.map(({ pool, model }): Target => ({ pool, model }));
  return fallback.length === 0 ? timing : { ...timing, policy: { ...timing.policy, fallback } };
}

interface NewJob {
  readonly job: JobId;
  readonly tenant: string;
  readonly digest: string;
  readonly owner: string | null;
  readonly body: SubmitBody;
  readonly tasks: readonly RequestedTask[];
  readonly placement: Placement;
  readonly timing: Timing;
  readonly references: ResolvedReferences;
  readonly check: ResultCheck | undefined;
}

/** The first message of each task of the new job. */
function specsOf(job: NewJob): readonly SpecWrite[] {
  return job.tasks.map((task, index) => ({
    state: submitted(identityOf(job, task, index)),
    detail: { message: 'Queued for a worker', request: requestOf(job, task) },
  }));
}

function identityOf(
  { job, tenant, owner, body, tasks, placement, timing }: NewJob,
  task: RequestedTask,
  index: TaskIndex,
): TaskIdentity {
  return {
    job,
    task: index,
    name: task.name,
    total: tasks.length,
    tenant,
    pool: placement.pool.name,
    kind: body.kind,
    model: placement.model,
    priority: body.priority ?? 'normal',
    labels: body.labels ?? {},
    owner,
    ...timing,
  };
}

function requestOf({ body, digest, references, check }: NewJob, task: RequestedTask): TaskRequest {
  const images = task.references.map((reference) => references.get(reference)!);
  const input = { ...task.input, ...(images.length === 0 ? {} : { references: images }) } as TaskInput;
  return {
    input,
    metadata: task.metadata,
    jobMetadata: body.metadata === undefined ? {} : body.metadata,
    digest,
    concurrencyKey: body.concurrencyKey ?? null,
    ...(check === undefined ? {} : { check }),
  };
}

const maxTries = 3;

async function write(context: SubmitContext, submit: Identified, specs: readonly SpecWrite[]): Promise<Submitted> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const outcome = await context.log.submit(specs);
    if (outcome.outcome === 'conflict') throw conflict(submit, outcome.holder);
    if (outcome.outcome === 'stored') {
      for (const entry of outcome.entries) context.follower.applyOwn(entry);
      return { record: recordOf(submit.job, specs, outcome.entries), replayed: false };
    }
    const record = await context.log.read(submit.job);
    if (record !== undefined && !isDeletedOrExpired(record, context.clock.now())) return replay(record, submit);
    if (record !== undefined && submit.owner !== undefined) throw ownerHadJob(submit.job);
    // Leftovers of a deleted or expired job would block the same key.
    if (record !== undefined) await context.log.purge(submit.job, record.tasks[0]!.last.state.of.pool);
  }
  throw new GenwardenError('Unavailable', 'Messages of an earlier job with this key could not be purged yet');
}

function replay(record: JobRecord, { digest, idempotencyKey, owner }: Identified): Submitted {
  const [first] = record.tasks;
  const same = owner === undefined ? first?.request.digest === digest : first?.last.state.of.owner === owner;
  if (same) return { record, replayed: true };
  throw new GenwardenError(
    'IdempotencyKeyReused',
    `Job ${record.job} was submitted with this key and a different body`,
    {
      details: { jobId: record.job, idempotencyKey },
    },
  );
}

/** A resource that outlives its job must not create, and pay for, a second one. */
const ownerHadJob = (job: JobId): GenwardenError =>
  new GenwardenError('JobNotFound', `The job of this resource, ${job}, was deleted or has expired`);

function recordOf(job: JobId, specs: readonly SpecWrite[], entries: readonly LogEntry[]): JobRecord {
  const byTask = new Map(entries.map((entry) => [entry.state.of.task, entry]));
  const tasks = specs.map(({ state, detail }) => {
    return { last: { ...byTask.get(state.of.task)!, detail }, request: detail.request };
  });
  return { job, tasks };
}

function conflict({ body }: Identified, holder: JobId): GenwardenError {
  const message = `Open job ${holder} holds the concurrency key ${body.concurrencyKey}`;
  return new GenwardenError('ConcurrencyConflict', message, { details: { holder } });
}

function withRetryKey(error: GenwardenError, { job, key }: Identified): GenwardenError {
  const message = `${error.message}. The job may have been stored. To retry safely, send the same body with Idempotency-Key: ${key}`;
  return new GenwardenError('Unavailable', message, {
    cause: error,
    details: { ...error.details, jobId: job, idempotencyKey: key },
  });
}
