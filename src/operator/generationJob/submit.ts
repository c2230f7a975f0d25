// Submits the job of a resource through the use case that the API also calls. A resource can only ever create one job.

import { invalidRequest } from '../../job/errors/invalidRequest.ts';
import { parseDuration } from '../../job/duration.ts';
import { catalogue, type ErrorCode, GenwardenError } from '../../job/errors/index.ts';
import { policyFor } from '../../job/policy.ts';
import type { Instant } from '../../job/task.ts';
import { readJob } from '../../jobs/read.ts';
import type { SubmitBody } from '../../jobs/submit/body.ts';
import { labelKeyProblem, labelValueProblem } from '../../jobs/submit/labels.ts';
import { jobIdOfOwner, submitJob } from '../../jobs/submit/index.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { ObjectMeta } from '../../ports/kubernetes.ts';
import type { OperatorContext } from '../context.ts';
import { type GenerationJob, type GenerationJobSpec, parseGenerationJob } from '../resources/generationJob.ts';
import type { Refused } from './observe.ts';

type Context = Pick<OperatorContext, 'log' | 'follower' | 'clock' | 'pools' | 'artifacts' | 'retentionMs' | 'random'>;

/** The job, new or there already. Throws a code of the catalogue, `JobNotFound` where it was there and is no more. */
export async function submitResource(context: Context, resource: GenerationJob): Promise<JobRecord> {
  const parsed = parseGenerationJob(resource);
  if ('problems' in parsed) throw invalidRequest(parsed.problems);
  const { namespace: tenant, uid: owner } = resource.metadata;
  const body = bodyOf(parsed.spec, resource.metadata);
  try {
    return (await submitJob(context, { tenant, owner, body, idempotencyKey: undefined })).record;
  } catch (error) {
    if (!(error instanceof GenwardenError) || catalogue[error.code].retryable || error.code === 'JobNotFound')
      throw error;
    return await existingJob(context, resource, error);
  }
}

/**
 * A refusal does not count where the job was stored before what it needs went away, by a process that died before it could say
 * so.
 */
async function existingJob(context: Context, { metadata }: GenerationJob, refusal: GenwardenError): Promise<JobRecord> {
  return readJob(context, metadata.namespace, jobIdOfOwner(metadata.uid)).catch((error: unknown) => {
    throw error instanceof GenwardenError && error.code === 'JobNotFound' ? refusal : error;
  });
}

/** The labels are those of the moment: the resource's may change, the job's do not. */
function bodyOf(spec: GenerationJobSpec, { labels }: Pick<ObjectMeta, 'labels'>): SubmitBody {
  const { kind, pool, priority, model, input, tasks, policy, jobMetadata: metadata } = spec;
  const given = { model, input, tasks, policy, metadata };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { kind, pool, priority, labels: jobLabels(labels), ...present };
}

/** As many as a job takes. */
const most = 16;

/** Domains, and all below them, whose labels say who deploys a resource and how, not what it is. */
const toolDomains = ['kubernetes.io', 'k8s.io', 'helm.sh', 'fluxcd.io', 'argoproj.io', 'kustomize.io'];

/** At most 16, the first by the order of their keys where there are more. */
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

/** What a new declaration of the pool, or an upload, may cure. */
const retryableRefusals: ReadonlySet<ErrorCode> = new Set([
  'PoolNotFound',
  'PoolNotAllowed',
  'ModelNotInPool',
  'ReferenceNotFound',
] satisfies ErrorCode[]);

export function classifyRefusal(error: GenwardenError, { spec, metadata }: GenerationJob, now: Instant): Refused {
  const { code, message, hint } = error;
  const end = Date.parse(metadata.creationTimestamp) + (spec === undefined ? 0 : retryWindow(spec));
  return { kind: 'refused', code, message, hint, retriedUntil: retryableRefusals.has(code) && now < end ? end : null };
}

/** ms from the creation: the job's queueTimeout, or its deadline where that is earlier. */
function retryWindow({ kind, policy = {} }: GenerationJobSpec): number {
  const queueTimeout = inMs(policy.queueTimeout) ?? policyFor(kind, {}, {}).queueTimeout;
  return Math.min(queueTimeout, inMs(policy.deadline) ?? Infinity);
}

const inMs = (text: string | null | undefined): number | undefined =>
  typeof text === 'string' ? parseDuration(text) : undefined;
