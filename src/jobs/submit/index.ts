// Submits a job: merges its tasks, chooses pool and model, computes its times, checks schemas, stores references, and writes it atomically.

import { count } from '../../job/explain/format.ts';
import { createHash } from 'node:crypto';
import { GenwardenError } from '../../job/errors/index.ts';
import { jobIdFrom, type JobId, type TaskIndex } from '../../job/ids.ts';
import type { Policy, Target } from '../../job/policy.ts';
import { promptStart } from '../../job/promptStart.ts';
import type { ResultCheck } from '../../job/resultCheck.ts';
import type { Instant, Reference, SpecWrite, TaskIdentity, TaskInput, TaskRequest } from '../../job/task.ts';
import { traceFields, type TraceContext } from '../../job/trace.ts';
import { submitted, submittedHeld } from '../../job/transitions.ts';
import type { JobRecord, LogEntry } from '../../ports/jobLog.ts';
import type { JobsContext } from '../context.ts';
import { inParts, type LaneContext } from '../lanes.ts';
import { isDeletedOrExpired } from '../read.ts';
import type { ReferenceBody, SubmitBody } from './body.ts';
import { chainsOf, type Chains } from './chains.ts';
import { digestOf } from './json.ts';
import { acceptingOf, refuseReferences } from './limits.ts';
import { mergeTasks, type RequestedTask } from './mergeTasks.ts';
import type { Placement } from './placement.ts';
import { policyRequestOf } from './policyBody.ts';
import { openReferences, type OpenedReferences, type ResolvedReferences } from './references.ts';
import { checkRequestOf } from './resultChecks.ts';
import { checkSchemas } from './schemas.ts';
import { groupsOf, type TaskGroup } from './targets.ts';
import { eventsOf, refuseWebhook } from './webhook.ts';
import { policyOf, startsOf, timesOf, type Times } from './timing.ts';

export interface Submit {
  readonly tenant: string;
  /** Undefined if the client sent none. */
  readonly idempotencyKey: string | undefined;
  readonly body: SubmitBody;
  /** The uid of the custom resource that submits the job: one resource creates one job, even if its body changes. */
  readonly owner?: string;
  /** The span that submits the job; absent: the job has no trace. */
  readonly trace?: TraceContext | undefined;
}

export type SubmitContext = Pick<
  JobsContext,
  'log' | 'follower' | 'clock' | 'pools' | 'artifacts' | 'images' | 'schemas' | 'retentionMs' | 'random' | 'webhooks'
> &
  LaneContext;

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
  const { body, tenant } = submit;
  refuseWebhook(context.webhooks, tenant, body.webhook);
  const tasks = mergeTasks(body);
  const requested = policyRequestOf(body.policy ?? {});
  const chains = chainsOf(body, tasks);
  const groups = groupsOf(context, tasks, { body, tenant, requested });
  const { pool } = groups[0]!.placement;
  await checkSchemas(body, checkRequestOf(requested, pool), context.schemas, tenant);
  const opened = await openReferences(context, body, tasks, tenant);
  const times = timesOf(body.policy, context.retentionMs, context.clock.now());
  const placed = groups.flatMap((group) => placedTasks(group, { body, depth: chains.depth, opened }, context));
  const planned = placed.toSorted((one, other) => one.task.index - other.task.index);
  const scheduled = planned.map(({ task, policy }) => ({ name: task.name, after: chains.after[task.index]!, policy }));
  const starts = startsOf(scheduled, times);
  const references = await opened.store(times.expiresAt);
  const specs = specsOf({ ...submit, tasks: planned, chains, times, starts, references });
  return write(context, submit, inParts(context, specs));
}

/** A task with all that its group has chosen for it. */
interface PlannedTask {
  readonly task: RequestedTask;
  readonly placement: Placement;
  readonly policy: Policy;
  readonly check: ResultCheck | undefined;
}

function placedTasks(
  { tasks, placement, places, check }: TaskGroup,
  { body, depth, opened }: { body: SubmitBody; depth: number; opened: OpenedReferences },
  { retentionMs }: SubmitContext,
): PlannedTask[] {
  const [, ...accepting] = acceptingOf(places, refuseReferences(tasks, opened));
  const policy = policyOf(tasks[0]!.kind, body.policy, placement.pool.policy, retentionMs, depth);
  const fallback = accepting.map(({ pool, model }): Target => ({ pool, model }));
  const whole = fallback.length === 0 ? policy : { ...policy, fallback };
  return tasks.map((task) => ({ task, placement, policy: whole, check }));
}

interface NewJob extends Identified {
  readonly tasks: readonly PlannedTask[];
  readonly chains: Chains;
  readonly times: Times;
  /** By task, when those that it waits for have ended at the latest. */
  readonly starts: ReadonlyMap<TaskIndex, Instant>;
  readonly references: ResolvedReferences;
}

/** The first message of each task of the new job. */
function specsOf(job: NewJob): readonly SpecWrite[] {
  return job.tasks.map((task) => {
    const of = identityOf(job, task);
    const { index } = task.task;
    const request = requestOf(job, task);
    if (of.after === undefined) return { state: submitted(of), detail: { message: 'Queued for a worker', request } };
    const message = `Waits for ${count(of.after.length, 'task')} of its job`;
    return { state: submittedHeld(of, job.starts.get(index)!), detail: { message, request } };
  });
}

function identityOf(job: NewJob, { task, placement, policy }: PlannedTask): TaskIdentity {
  const { body, tasks, chains } = job;
  const after = chains.after[task.index]!;
  // Only the first: an index has as many identities as tasks.
  const prompt = task.index === 0 ? promptStart(task.input.prompt) : undefined;
  // The job's model is that of its first task that has neither its own kind nor its own model.
  const plain = tasks.find(({ task: { kind, model } }) => kind === body.kind && model === body.model);
  const jobModel = plain?.placement.model ?? body.model ?? placement.model;
  return {
    job: job.job,
    task: task.index,
    name: task.name,
    total: tasks.length,
    tenant: job.tenant,
    pool: placement.pool.name,
    kind: task.kind,
    model: placement.model,
    priority: body.priority ?? 'normal',
    ...(body.group === undefined ? {} : { group: body.group }),
    labels: body.labels ?? {},
    owner: job.owner ?? null,
    policy,
    ...job.times,
    ...(after.length === 0 ? {} : { after }),
    ...(task.kind === body.kind ? {} : { jobKind: body.kind }),
    ...(placement.model === jobModel ? {} : { jobModel }),
    ...(prompt === undefined ? {} : { promptStart: prompt }),
    ...(body.webhook === undefined ? {} : { webhook: eventsOf(body.webhook) }),
    ...traceFields(job.trace),
  };
}

function requestOf({ body, digest, references, chains, tasks }: NewJob, { task, check }: PlannedTask): TaskRequest {
  const images = task.references.map((reference) => storedOrResult(reference, references));
  const input = { ...task.input, ...(images.length === 0 ? {} : { references: images }) } as TaskInput;
  const after = chains.after[task.index]!.map((index) => tasks[index]!.task.name!);
  return {
    input,
    metadata: task.metadata,
    jobMetadata: body.metadata === undefined ? {} : body.metadata,
    digest,
    concurrencyKey: body.concurrencyKey ?? null,
    ...(check === undefined ? {} : { check }),
    ...(after.length === 0 ? {} : { after }),
    ...(body.webhook === undefined ? {} : { webhook: { url: body.webhook.url } }),
  };
}

function storedOrResult(reference: ReferenceBody, references: ResolvedReferences): Reference {
  const { artifact, caption } = reference;
  if (typeof artifact !== 'object') return references.get(reference)!;
  return caption === undefined ? { artifact } : { artifact, caption };
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
