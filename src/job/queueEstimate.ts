// Estimates when a queued task starts, from the tasks before it, the slots of the pool's workers, how long attempts take, and
// the limits of its keys. An amount that is unknown makes the estimate too low, never too high.

import type { Duration } from './duration.ts';
import { laneWeights, servedMeanwhile, type WeightedLane } from './lanes.ts';
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
}

export interface StartEstimate {
  /** ms from now. */
  readonly wait: Duration;
  /** What makes it wait longest; null if it starts at once. */
  readonly limit: 'opening' | 'slots' | 'rate' | null;
  /** The duration of an attempt is unknown, so the task may start later. */
  readonly atLeast: boolean;
}

/** When the task starts that has `ahead` tasks before it; undefined if no one knows whether it starts at all. */
export function estimateStart(ahead: number, capacity: QueueCapacity, now: Instant): StartEstimate | undefined {
  const opens = Math.max(0, capacity.opensAt - now);
  const slots = slotsOf(capacity);
  const rate = rateWait(ahead + 1, capacity.keys, now, opens);
  if (!Number.isFinite(opens) || slots.all < 1 || rate === undefined) return undefined;
  const { wait: slot, unknown } = slotWait(ahead + 1, slots, capacity.attemptMs, opens);
  const wait = Math.max(opens, slot, rate);
  const limit = wait <= 0 ? null : rate >= wait ? 'rate' : slot >= wait ? 'slots' : 'opening';
  return { wait, limit: limit === 'rate' && rate === opens ? 'opening' : limit, atLeast: unknown };
}

/** How many of `tasks` tasks start within `limit` ms; `waitOf` tells how long each of them waits, each no less than the one before. */
export function startedWithin(limit: Duration, tasks: number, waitOf: (task: number) => Duration): number {
  let [low, high] = [0, tasks];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (waitOf(middle) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * How many tasks are served before one, from those ahead of it in its own lane and the lengths of the lanes. Tasks that are
 * submitted later to lanes of more weight are served before it too, but nobody knows them.
 */
export function tasksBefore(
  lane: Lane,
  ahead: { readonly again: number; readonly lane: number },
  lanes: Readonly<Record<Lane, number>>,
): number {
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

interface Slots {
  readonly all: number;
  readonly free: number;
}

/** Calls in flight of the keys limit the slots. */
function slotsOf({ slots, freeSlots, keys }: QueueCapacity): Slots {
  if (keys.length === 0) return { all: slots, free: Math.min(slots, freeSlots) };
  const known = usable(keys);
  const all = known.reduce((sum, { maxInFlight }) => sum + maxInFlight, 0);
  const free = known.reduce((sum, { maxInFlight, inFlight }) => sum + Math.max(0, maxInFlight - inFlight), 0);
  return { all: Math.min(slots, all), free: Math.min(slots, freeSlots, free) };
}

/** `count` starts need `count - free` ends of attempts, of which there are `all / attemptMs` a millisecond. */
function slotWait(
  count: number,
  { all, free }: Slots,
  attemptMs: Duration | null,
  opens: Duration,
): { wait: Duration; unknown: boolean } {
  if (attemptMs === null) return { wait: 0, unknown: count > (opens > 0 ? all : free) };
  const freeThen = Math.min(all, free + (opens * all) / Math.max(1, attemptMs));
  const missing = Math.max(0, count - freeThen);
  return { wait: missing === 0 ? 0 : opens + (missing * attemptMs) / all, unknown: false };
}

/** When the keys have admitted `count` calls, ms from now; undefined if they never do. */
function rateWait(count: number, keys: readonly KeyCapacity[], now: Instant, opens: Duration): Duration | undefined {
  if (keys.length === 0) return 0;
  const ready = usable(keys)
    .map((key) => readyKey(key, now, opens))
    .toSorted((a, b) => a.after - b.after);
  let [admitted, perMs, at] = [0, 0, 0];
  for (const { after, calls, rate } of ready) {
    const before = admitted + perMs * (after - at);
    if (before >= count) break;
    [admitted, perMs, at] = [before + calls, perMs + rate, after];
    if (admitted >= count) return at;
  }
  return perMs === 0 ? undefined : at + (count - admitted) / perMs;
}

/** A key as it is when it first admits a call: it has not been used meanwhile. */
function readyKey(key: KeyCapacity, now: Instant, opens: Duration): { after: Duration; calls: number; rate: number } {
  const after = Math.max(opens, key.usableAt - now, 0);
  const rate = key.requestsPerMinute / 60_000;
  return { after, rate, calls: Math.min(key.requestsPerMinute, key.requestsLeft + after * rate) };
}
