// How many workers a queue needs so that its tasks start within the target time. docs/autoscaling.md derives the formula.

export interface Demand {
  readonly queued: number;
  readonly running: number;
  /** Mean duration of an attempt, ms. */
  readonly meanAttemptMs: number;
  /** Every task that is queued now should start within this time, ms. */
  readonly targetQueueMs: number;
  /** Tasks that a worker runs at the same time (slots). */
  readonly concurrency: number;
  /** Slots that the keys' rate limits can keep busy; Infinity if unknown. */
  readonly keySlots: number;
  readonly paused: boolean;
}

export interface Recommendation {
  readonly replicas: number;
  readonly limitedByKeys: boolean;
}

export function recommend(demand: Demand): Recommendation {
  const { running, concurrency, keySlots } = demand;
  const needed = slotsFor(demand);
  const fed = Math.max(1, Math.ceil(keySlots));
  const slots = Math.max(running, Math.min(needed, fed));
  return { replicas: Math.ceil(slots / concurrency), limitedByKeys: slots < needed };
}

/**
 * S slots start S tasks immediately and S·T/D more within T, so N tasks have all started by T where S·(1 + T/D) ≥ N:
 * S = N·D/(D + T). At least the number of running tasks, and at least 1 if a task is queued.
 */
export function slotsFor({ queued, running, meanAttemptMs: d, targetQueueMs: t, paused }: Demand): number {
  if (paused || queued === 0) return running;
  return Math.max(1, running, Math.ceil(((queued + running) * d) / (d + t)));
}

export interface KeyLimits {
  readonly requestsPerMinute: number;
  readonly maxInFlight: number;
}

/** By Little's law, a key that allows r calls a minute keeps r·D/60 s slots busy, at most its limit of calls in flight. */
export function slotsFedBy(keys: readonly KeyLimits[], meanAttemptMs: number): number {
  if (keys.length === 0) return Infinity;
  return keys.reduce(
    (sum, key) => sum + Math.min(key.maxInFlight, (key.requestsPerMinute * meanAttemptMs) / 60_000),
    0,
  );
}
