// Determines a job's policy and the times that follow from it, and fits them into the retention.

import { lifetime } from '../../job/budgets.ts';
import { formatDuration, parseDuration } from '../../job/duration.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { policyFor, type JobKind, type Policy, type PolicyRequest } from '../../job/policy.ts';
import type { Instant } from '../../job/task.ts';
import { policyRequestOf, type PolicyBody } from './policyBody.ts';

export interface Timing {
  readonly policy: Policy;
  readonly submittedAt: Instant;
  readonly expiresAt: Instant;
  readonly deadline: Instant | null;
}

/** Throws `PolicyExceedsRetention` if the requested budgets exceed the retention. */
export function timingOf(
  kind: JobKind,
  body: PolicyBody = {},
  poolDefaults: PolicyRequest,
  retentionMs: number,
  now: Instant,
): Timing {
  const requested = policyRequestOf(body);
  const deadlineMs = typeof body.deadline === 'string' ? parseDuration(body.deadline)! : null;
  const policy = fitted(policyFor(kind, requested, poolDefaults), { ...poolDefaults, ...requested }, retentionMs);
  const longest = Math.min(deadlineMs ?? Infinity, lifetime(policy));
  if (longest > retentionMs) {
    throw new GenwardenError(
      'PolicyExceedsRetention',
      `The job's budgets add up to ${formatDuration(longest)}, but jobs are kept for ${formatDuration(retentionMs)}`,
    );
  }
  return {
    policy,
    submittedAt: now,
    expiresAt: now + retentionMs,
    deadline: deadlineMs === null ? null : now + deadlineMs,
  };
}

/** With a retention shorter than the default budgets, the defaults shrink to fit. Only requested budgets are refused. */
function fitted(policy: Policy, requested: PolicyRequest, retentionMs: number): Policy {
  if (lifetime(policy) <= retentionMs) return policy;
  const open = (['queueTimeout', 'reviewTimeout', 'runTimeout'] as const).filter(
    (budget) => requested[budget] === undefined && (budget !== 'reviewTimeout' || policy.review !== 'never'),
  );
  const fixed = lifetime({ ...policy, ...Object.fromEntries(open.map((budget) => [budget, 0])) });
  const share = Math.floor((retentionMs - fixed) / open.length);
  if (open.length === 0 || share < 100) return policy;
  return { ...policy, ...Object.fromEntries(open.map((budget) => [budget, Math.min(policy[budget], share)])) };
}
