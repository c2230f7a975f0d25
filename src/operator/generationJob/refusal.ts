// What becomes of a refused submit. A spec cannot change, but pools and artifacts can: what they may cure is tried again for as
// long as the job was willing to wait for a worker; all else is final at once.

import type { GenwardenError, ErrorCode } from '../../job/errors/index.ts';
import { parseDuration } from '../../job/duration.ts';
import { policyFor } from '../../job/policy.ts';
import type { Instant } from '../../job/task.ts';
import type { GenerationJob, GenerationJobSpec } from '../resources/generationJob.ts';
import type { Refused } from './observation.ts';

/** What a new declaration of the pool, or an upload, may cure. */
const curable: ReadonlySet<ErrorCode> = new Set([
  'PoolNotFound',
  'PoolNotAllowed',
  'ModelNotInPool',
  'ReferenceNotFound',
] satisfies ErrorCode[]);

export function refusedBy(error: GenwardenError, { spec, metadata }: GenerationJob, now: Instant): Refused {
  const { code, message, hint } = error;
  const end = Date.parse(metadata.creationTimestamp) + (spec === undefined ? 0 : patience(spec));
  return { seen: 'refused', code, message, hint, triedUntil: curable.has(code) && now < end ? end : null };
}

/** ms from the creation: the job's queueTimeout, or its deadline where that is earlier. */
function patience({ kind, policy = {} }: GenerationJobSpec): number {
  const queueTimeout = inMs(policy.queueTimeout) ?? policyFor(kind, {}, {}).queueTimeout;
  return Math.min(queueTimeout, inMs(policy.deadline) ?? Infinity);
}

const inMs = (text: string | null | undefined): number | undefined =>
  typeof text === 'string' ? parseDuration(text) : undefined;
