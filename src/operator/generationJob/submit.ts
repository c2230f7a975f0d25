// Submits the job of a resource through the use case that the API also calls. A resource can only ever create one job.

import { withoutUndefined } from '../../job/withoutUndefined.ts';
import { invalidRequest } from '../../job/errors/invalidRequest.ts';
import { parseDuration } from '../../job/duration.ts';
import { catalogue, type ErrorCode, GenwardenError } from '../../job/errors/index.ts';
import { policyFor } from '../../job/policy.ts';
import type { Instant } from '../../job/task.ts';
import type { LaneContext } from '../../jobs/lanes.ts';
import { readJob } from '../../jobs/read.ts';
import type { SubmitBody } from '../../jobs/submit/body.ts';
import { labelKeyProblem, labelValueProblem } from '../../jobs/submit/labels.ts';
import { jobIdOfOwner, submitJob, type Submit } from '../../jobs/submit/index.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { ObjectMeta } from '../../ports/kubernetes.ts';
import { startSubmitSpan } from '../../telemetry/tracing/taskSpans.ts';
import { noTracer, withSpan } from '../../telemetry/tracing/tracer.ts';
import type { OperatorContext } from '../context.ts';
import {
  conditionOf,
  type GenerationJob,
  type GenerationJobSpec,
  parseGenerationJob,
} from '../resources/generationJob.ts';
import { mayBeNewer } from '../resources/kinds.ts';
import type { Refused } from './observe.ts';
import { withSources } from './sources.ts';

type Context = Pick<
  OperatorContext,
  | 'cluster'
  | 'log'
  | 'follower'
  | 'clock'
  | 'pools'
  | 'artifacts'
  | 'images'
  | 'schemas'
  | 'retentionMs'
  | 'random'
  | 'tracer'
> &
  LaneContext;

/** Returns the new or existing job. Throws an error of the catalogue: `JobNotFound` if the job existed and was deleted. */
export async function submitResource(context: Context, resource: GenerationJob): Promise<JobRecord> {
  const parsed = parseGenerationJob(resource);
  if ('problems' in parsed) throw invalidRequest(parsed.problems);
  const { namespace: tenant, uid: owner } = resource.metadata;
  try {
    const inputs = await withSources(context.cluster, tenant, parsed.spec);
    const body = bodyOf(parsed.spec, inputs, resource.metadata);
    return await submitted(context, { tenant, owner, body, idempotencyKey: undefined });
  } catch (error) {
    if (!(error instanceof GenwardenError) || catalogue[error.code].retryable || error.code === 'JobNotFound')
      throw error;
    return await existingJob(context, resource, error);
  }
}

/** Each submit of a resource begins a trace. */
async function submitted(context: Context, submit: Submit): Promise<JobRecord> {
  const { tracer = noTracer } = context;
  const span = startSubmitSpan(tracer, { tenant: submit.tenant, pool: submit.body.pool ?? 'default' });
  return withSpan(span, async () => {
    const { record, replayed } = await submitJob(context, { ...submit, trace: span.context });
    span.set({ 'genwarden.job': record.job, 'genwarden.replayed': replayed });
    return record;
  });
}

/**
 * Ignores a refusal if the job already exists: an earlier process stored it and died before it wrote the status, and since then
 * the pool or a reference disappeared.
 */
async function existingJob(context: Context, { metadata }: GenerationJob, refusal: GenwardenError): Promise<JobRecord> {
  return readJob(context, metadata.namespace, jobIdOfOwner(metadata.uid)).catch((error: unknown) => {
    throw error instanceof GenwardenError && error.code === 'JobNotFound' ? refusal : error;
  });
}

/** Copies the labels once: later changes of the resource's labels do not reach the job. */
function bodyOf(
  spec: GenerationJobSpec,
  inputs: Pick<SubmitBody, 'input' | 'tasks'>,
  { labels }: Pick<ObjectMeta, 'labels'>,
): SubmitBody {
  const { kind, pool, priority, model, group, policy, jobMetadata: metadata, webhook } = spec;
  const given = withoutUndefined({ model, group, ...inputs, policy, metadata, webhook });
  return { kind, pool, priority, labels: jobLabels(labels), ...given };
}

/** The maximum of a job. */
const most = 16;

/** Labels under these domains and their subdomains describe how a resource is deployed, so the job does not get them. */
const toolDomains = ['kubernetes.io', 'k8s.io', 'helm.sh', 'fluxcd.io', 'argoproj.io', 'kustomize.io'];

/** At most 16 labels, the first ones in the order of their keys. */
export function jobLabels(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(labels).filter(([key, value]) => isValid(key, value) && !isOfTool(key));
  return Object.fromEntries(own.toSorted(([one], [two]) => (one < two ? -1 : 1)).slice(0, most));
}

const isValid = (key: string, value: string): boolean =>
  labelKeyProblem(key) === undefined && labelValueProblem(value) === undefined;

function isOfTool(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return false;
  const prefix = key.slice(0, slash);
  return toolDomains.some((domain) => prefix === domain || prefix.endsWith(`.${domain}`));
}

/** Refusals that a new declaration of the pool, or an upload, may resolve. A spec is immutable, so all others are final. */
const retryableRefusals: ReadonlySet<ErrorCode> = new Set([
  'PoolNotFound',
  'PoolNotAllowed',
  'ModelNotInPool',
  'ReferenceNotFound',
  'SourceNotFound',
  'SourceForbidden',
] satisfies ErrorCode[]);

export function classifyRefusal(error: GenwardenError, resource: GenerationJob, now: Instant): Refused {
  const { spec, metadata, status } = resource;
  const { code, message, hint } = error;
  // While an upgrade replaces the operator, the definitions are newer than it.
  const mayPass = retryableRefusals.has(code) || mayBeNewer(parseGenerationJob(resource));
  const since = resumedAt(status, now) ?? Date.parse(metadata.creationTimestamp);
  const end = since + (spec === undefined ? 0 : retryWindow(spec));
  return { kind: 'refused', code, message, hint, retriedUntil: mayPass && now < end ? end : null };
}

/** The time of a suspend does not count. */
function resumedAt(status: GenerationJob['status'], now: Instant): Instant | undefined {
  const suspended = conditionOf(status, 'Suspended');
  if (suspended === undefined) return undefined;
  return suspended.status === 'True' ? now : Date.parse(suspended.lastTransitionTime);
}

/** ms from the creation: the job's queueTimeout or its deadline, whichever is earlier. */
function retryWindow({ kind, policy = {} }: GenerationJobSpec): number {
  const queueTimeout = inMs(policy.queueTimeout) ?? policyFor(kind, {}, {}).queueTimeout;
  return Math.min(queueTimeout, inMs(policy.deadline) ?? Infinity);
}

const inMs = (text: string | null | undefined): number | undefined =>
  typeof text === 'string' ? parseDuration(text) : undefined;
