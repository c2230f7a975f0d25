// How long a task may take and how many attempts it has: defaults and bounds.

import { backoffCeiling, type Backoff } from './backoff.ts';
import type { Duration } from './duration.ts';
import { withoutUndefined } from './withoutUndefined.ts';
import { checkTimeout, type CheckRequest } from './resultCheck.ts';

export type JobKind = 'image' | 'text';

/** Where a task may run: a pool and one of its models. */
export interface Target {
  readonly pool: string;
  readonly model: string;
}

/** What moves a task to its next fallback. */
export const fallbackCauses = ['outage', 'quota', 'retired', 'timeout', 'refusal'] as const;
export type FallbackCause = (typeof fallbackCauses)[number];
/** Refusals are excluded by default: another model may generate what the first one's rules forbid. */
export const defaultFallbackCauses: readonly FallbackCause[] = ['outage', 'quota', 'retired', 'timeout'];

/** Whether a person must approve a result: none, every one, or each that a check or the provider's safety ratings flag. */
export const reviewModes = ['never', 'always', 'onFlag'] as const;
export type ReviewMode = (typeof reviewModes)[number];

export interface PolicyBackoff extends Backoff {
  /** The job or its pool set the backoff. Otherwise the delays after provider errors fill the run budget. */
  readonly requested?: true;
}

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
  readonly review: ReviewMode;
  /** How long the check of a result may take after the attempt's timeout, ms; absent: results are not checked. */
  readonly checkTimeout?: Duration;
  /** The first ceiling of the exponential backoff, and the highest, ms. */
  readonly backoff: PolicyBackoff;
  /** What a task does while its provider is out; absent: `wait`. */
  readonly onOutage?: 'wait' | 'fail';
  /** What a task does while the budget of its pool or tenant is spent; absent: `wait`. */
  readonly onBudget?: 'wait' | 'fail';
  /** Further targets in order, after the job's own pool and model; at most `maxFallbacks`. */
  readonly fallback?: readonly Target[];
  /** What moves a task to its next fallback; absent: `defaultFallbackCauses`. */
  readonly fallbackOn?: readonly FallbackCause[];
}

export const maxFallbacks = 5;

/** A fallback as requested: another model, or another pool, by default with that pool's first model of the job's kind. */
export interface FallbackRequest {
  readonly pool?: string;
  readonly model?: string;
}

export interface PolicyRequest extends Partial<Omit<Policy, 'backoff' | 'fallback' | 'checkTimeout'>> {
  readonly backoff?: Partial<Backoff>;
  readonly fallback?: readonly FallbackRequest[];
  /** A model that looks at each result and may flag it. */
  readonly check?: CheckRequest;
}

export const policyBounds = {
  attemptTimeout: { min: 100, max: 3_600_000 },
  runTimeout: { min: 100, max: 86_400_000 },
  queueTimeout: { min: 100, max: 30 * 86_400_000 },
  reviewTimeout: { min: 100, max: 30 * 86_400_000 },
  deadline: { min: 100, max: 30 * 86_400_000 },
  maxAttempts: { min: 1, max: 20 },
  maxLostAttempts: { min: 1, max: 20 },
  backoff: { min: 0, max: 3_600_000 },
} as const;

const minute = 60_000;
const day = 86_400_000;
const defaultBackoff = { first: 1_000, cap: 30_000 };

/**
 * Requested values override the pool's defaults, which override the general defaults. The result has no `fallback` and no
 * `check`: the submit resolves them against the known pools.
 */
export function policyFor(kind: JobKind, requested: PolicyRequest = {}, poolDefaults: PolicyRequest = {}): Policy {
  const merged = { ...poolDefaults, ...withoutUndefined(requested) };
  const attemptTimeout = merged.attemptTimeout ?? (kind === 'text' ? 120_000 : 90_000);
  const maxAttempts = merged.maxAttempts ?? 3;
  const backoff = backoffFrom({ ...poolDefaults.backoff, ...withoutUndefined(requested.backoff ?? {}) });
  const { onOutage, onBudget, fallbackOn } = merged;
  const review = reviewOf(merged);
  const checked = merged.check !== undefined && review !== 'never' ? { checkTimeout } : {};
  const limit = attemptLimit({ attemptTimeout, ...checked });
  return {
    attemptTimeout,
    maxAttempts,
    backoff,
    runTimeout: merged.runTimeout ?? Math.max(5 * minute, timeForAllAttempts(limit, maxAttempts, backoff)),
    queueTimeout: merged.queueTimeout ?? day,
    reviewTimeout: merged.reviewTimeout ?? day,
    maxLostAttempts: merged.maxLostAttempts ?? 3,
    review,
    ...checked,
    ...withoutUndefined({ onOutage, onBudget, fallbackOn }),
  };
}

/** A check without a mode of review sends flagged results to review. */
export const reviewOf = ({ review, check }: Pick<PolicyRequest, 'review' | 'check'>): ReviewMode =>
  review ?? (check === undefined ? 'never' : 'onFlag');

/** How long an attempt may take with the check of its result, ms. */
export const attemptLimit = ({
  attemptTimeout,
  checkTimeout: check = 0,
}: Pick<Policy, 'attemptTimeout' | 'checkTimeout'>): Duration => attemptTimeout + check;

/** A requested first delay above the default cap raises the cap, and a requested cap lowers the first delay. */
function backoffFrom({ first, cap }: Partial<Backoff>): PolicyBackoff {
  if (first === undefined && cap === undefined) return defaultBackoff;
  const limit = cap ?? Math.max(defaultBackoff.cap, first ?? 0);
  return { first: Math.min(first ?? defaultBackoff.first, limit), cap: limit, requested: true };
}

/** The longest that `maxAttempts` attempts with their backoffs can take, ms, with one second per attempt for the handover. */
export function timeForAllAttempts(attemptTimeout: Duration, maxAttempts: number, backoff: Backoff): Duration {
  let total = maxAttempts * (attemptTimeout + 1_000);
  for (let attempt = 1; attempt < maxAttempts; attempt += 1) total += backoffCeiling(attempt, backoff);
  return total;
}
