// Estimates when a queued task starts, from the tasks before it, the slots of the pool's workers, how long attempts take, and
// the limits of its keys. An amount that is unknown makes the estimate too low, never too high.

import type { Duration } from './duration.ts';
import { laneWeights, servedMeanwhile, type WeightedLane } from './lanes.ts';
import { lowerBound } from './lowerBound.ts';
import type { Ahead, RunningLimit } from './place.ts';
import type { Instant, Lane } from './task.ts';

export interface KeyCapacity {
  /** When it admits calls of the model; Infinity if that is unknown. */
  readonly usableAt: Instant;
  readonly requestsPerMinute: number;
  /** Requests that its limit per minute allows at once. */
  readonly requestsLeft: number;
  readonly maxInFlight: number;
  readonly inFlight: number;
}

export interface QueueCapacity {
  /** No task starts before: a pause or a block ends then. Infinity if that is unknown. */
  readonly opensAt: Instant;
  /** Of workers that take tasks. */
  readonly slots: number;
  readonly freeSlots: number;
  /** How long an attempt takes on average, ms; null if that is unknown. */
  readonly attemptMs: Duration | null;
  /** Empty if the pool needs no keys, or if nothing is known about them. */
  readonly keys: readonly KeyCapacity[];
  /** Undefined if no limit holds for the task, or if its place among the tenant's tasks is unknown. */
  readonly limit?: RunningLimit | undefined;
}

export interface StartEstimate {
  /** ms from now. */
  readonly wait: Duration;
  /** What makes it wait longest; null if it starts at once. */
  readonly limit: 'opening' | 'slots' | 'rate' | 'tenant' | null;
  /** The duration of an attempt is unknown, so the task may start later. */
  readonly atLeast: boolean;
}

/** When the task starts that has `ahead` tasks before it; undefined if it is not known whether it starts at all. */
export function estimateStart(ahead: number, capacity: QueueCapacity, now: Instant): StartEstimate | undefined {
  const opens = Math.max(0, capacity.opensAt - now);
  const { all, free } = slotsOf(capacity);
  const { attemptMs } = capacity;
  if (!Number.isFinite(opens) || all < 1) return undefined;
  const count = ahead + 1;
  const rate = capacity.keys.length === 0 ? opens : earliest(count, rateSources(capacity.keys, now, opens));
  if (rate === undefined) return undefined;
  // Without known durations, only the slots that are free do not limit it.
  const atLeast = attemptMs === null && count > (opens > 0 ? all : free);
  const slot = attemptMs === null ? opens : earliest(count, [{ after: opens, free, total: all, period: attemptMs }])!;
  const share = shareWait(capacity, opens);
  if (share === undefined) return undefined;
  const wait = Math.max(slot, rate, share);
  if (wait <= opens) return { wait, limit: wait <= 0 ? null : 'opening', atLeast };
  return { wait, limit: share >= wait ? 'tenant' : rate >= wait ? 'rate' : 'slots', atLeast };
}

/** When the limits of its tenant let the task start, ms from now; undefined if they never do. */
function shareWait({ limit, attemptMs }: QueueCapacity, opens: Duration): Duration | undefined {
  if (limit === undefined || attemptMs === null) return opens;
  const free = Math.max(0, limit.limit - limit.running);
  return earliest(limit.before + 1, [{ after: opens, free, total: limit.limit, period: attemptMs }]);
}

/** How many of `tasks` tasks start within `limit` ms; `waitOf` tells how long each of them waits, each no less than the one before. */
export function startedWithin(limit: Duration, tasks: number, waitOf: (task: number) => Duration): number {
  return lowerBound(tasks, (task) => waitOf(task) <= limit);
}

/**
 * How many tasks are served before one, from those ahead of it in its own lane and the lengths of the lanes. Tasks that are
 * submitted later to lanes of more weight are served before it too, but nobody knows them.
 */
export function tasksBefore(lane: Lane, ahead: Ahead, lanes: Readonly<Record<Lane, number>>): number {
  if (lane === 'again') return ahead.again;
  const others = (Object.keys(laneWeights) as WeightedLane[]).filter((other) => other !== lane);
  const lines = others.map((other) => ({ queued: lanes[other], weight: laneWeights[other] }));
  return ahead.again + ahead.lane + servedMeanwhile(ahead.lane, laneWeights[lane], lines);
}

/** Requests per minute of the keys that admit the model's calls at some known time. */
export const requestsPerMinute = (keys: readonly KeyCapacity[]): number =>
  usable(keys).reduce((sum, key) => sum + key.requestsPerMinute, 0);

const usable = (keys: readonly KeyCapacity[]): readonly KeyCapacity[] =>
  keys.filter(({ usableAt }) => Number.isFinite(usableAt));

/** Calls in flight of the keys limit the slots. */
function slotsOf({ slots, freeSlots, keys }: QueueCapacity): { all: number; free: number } {
  if (keys.length === 0) return { all: slots, free: Math.min(slots, freeSlots) };
  const known = usable(keys);
  const all = known.reduce((sum, { maxInFlight }) => sum + maxInFlight, 0);
  const free = known.reduce((sum, { maxInFlight, inFlight }) => sum + Math.max(0, maxInFlight - inFlight), 0);
  return { all: Math.min(slots, all), free: Math.min(slots, freeSlots, free) };
}

/** Something of which each start takes one and gives it back after `period` ms: slots, or the requests of a key in a minute. */
interface Source {
  /** No start before, ms from now. */
  readonly after: Duration;
  /** Of `total`, at this moment. */
  readonly free: number;
  readonly total: number;
  readonly period: Duration;
}

const minute = 60_000;

const rateSources = (keys: readonly KeyCapacity[], now: Instant, opens: Duration): readonly Source[] =>
  usable(keys).map(({ usableAt, requestsLeft, requestsPerMinute: total }) => {
    return { after: Math.max(opens, usableAt - now), free: Math.min(requestsLeft, total), total, period: minute };
  });

/** When so many have started, whole ms from now; undefined if they never have. All sources have the same period. */
function earliest(count: number, sources: readonly Source[]): Duration | undefined {
  const total = sources.reduce((sum, source) => sum + source.total, 0);
  if (total === 0) return undefined;
  const last = Math.max(...sources.map(({ after }) => after));
  let [low, high] = [0, Math.ceil(last + Math.ceil(count / total) * sources[0]!.period)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (startedBy(middle, sources) >= count - 1e-6) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * How many have started after so many ms. What is free starts at once and comes back together, a period later; what is in use
 * comes back evenly over the period.
 */
function startedBy(at: Duration, sources: readonly Source[]): number {
  return sources.reduce((sum, { after, free, total, period }) => {
    if (at < after) return sum;
    const ready = free + (total - free) * Math.min(1, after / period);
    const periods = (at - after) / period;
    return sum + ready * (1 + Math.floor(periods)) + (total - ready) * periods;
  }, 0);
}
