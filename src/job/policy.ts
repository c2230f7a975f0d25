// How long a task may take and how many attempts it has: defaults and bounds.

import { backoffCeiling, type Backoff } from './backoff.ts';
import type { Duration } from './duration.ts';

export type JobKind = 'image' | 'text';

export interface Policy {
  /** One attempt, ms. */
  readonly attemptTimeout: Duration;
  /** All time running and in backoff within one run, ms. */
  readonly runTimeout: Duration;
  /** All time waiting for a worker or a key within one run, ms. */
  readonly queueTimeout: Duration;
  /** All time waiting for a reviewer within one run, ms. */
  readonly reviewTimeout: Duration;
  readonly maxAttempts: number;
  readonly maxLostAttempts: number;
  readonly review: 'never' | 'always';
  /** The first ceiling of the exponential backoff, and the highest, ms. */
  readonly backoff: Backoff;
}

export interface PolicyRequest extends Partial<Omit<Policy, 'backoff'>> {
  readonly backoff?: Partial<Backoff>;
}

export const policyBounds = {
  attemptTimeout: { min: 100, max: 3_600_000 },
  runTimeout: { min: 100, max: 86_400_000 },
  queueTimeout: { min: 100, max: 30 * 86_400_000 },
  reviewTimeout: { min: 100, max: 30 * 86_400_000 },
  deadline: { min: 100, max: 30 * 86_400_000 },
  maxAttempts: { min: 1, max: 20 },
  maxLostAttempts: { min: 1, max: 20 },
} as const;

const minute = 60_000;
const day = 86_400_000;
const defaultBackoff = { first: 1_000, cap: 30_000 };

/** Requested values override the pool's defaults, which override the general defaults. */
export function policyFor(kind: JobKind, requested: PolicyRequest = {}, poolDefaults: PolicyRequest = {}): Policy {
  const merged = { ...poolDefaults, ...withoutUndefined(requested) };
  const attemptTimeout = merged.attemptTimeout ?? (kind === 'text' ? 120_000 : 90_000);
  const maxAttempts = merged.maxAttempts ?? 3;
  const backoff = { ...defaultBackoff, ...poolDefaults.backoff, ...withoutUndefined(requested.backoff ?? {}) };
  return {
    attemptTimeout,
    maxAttempts,
    backoff,
    runTimeout: merged.runTimeout ?? Math.max(5 * minute, timeForAllAttempts(attemptTimeout, maxAttempts, backoff)),
    queueTimeout: merged.queueTimeout ?? day,
    reviewTimeout: merged.reviewTimeout ?? day,
    maxLostAttempts: merged.maxLostAttempts ?? 3,
    review: merged.review ?? 'never',
  };
}

/** The longest that `maxAttempts` attempts with their backoffs can take, ms, with one second per attempt for the handover. */
export function timeForAllAttempts(attemptTimeout: Duration, maxAttempts: number, backoff: Backoff): Duration {
  let total = maxAttempts * (attemptTimeout + 1_000);
  for (let attempt = 1; attempt < maxAttempts; attempt += 1) total += backoffCeiling(attempt, backoff);
  return total;
}

function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
