// When a queued task starts, estimated from what is observed of its pool, as fields and in words.

import { about } from '../duration.ts';
import {
  estimateStart,
  requestsPerMinute,
  tasksBefore,
  type KeyCapacity,
  type QueueCapacity,
  type StartEstimate,
} from '../queueEstimate.ts';
import { holdsUp } from '../storage.ts';
import { targetOf } from '../target.ts';
import type { Instant, Queued } from '../task.ts';
import { count } from './format.ts';
import type { ObservedKey, Observation } from './observation.ts';

export interface ExpectedStart extends StartEstimate {
  /** Tasks that are served before it, of all lanes. */
  readonly before: number;
  readonly capacity: QueueCapacity;
}

/** Undefined if it is not known whether the task starts at all. `ahead`: of another task beside it. */
export function expectedStart(task: Queued, seen: Observation, ahead = seen.ahead): ExpectedStart | undefined {
  const { pool, now } = seen;
  if (ahead === null) return undefined;
  const before = tasksBefore(task.lane, ahead, pool.lanes);
  const capacity = { ...capacityFor(task, { ...seen, ahead }), limit: ahead.limit };
  const estimate = estimateStart(before, capacity, now);
  return estimate === undefined ? undefined : { ...estimate, before, capacity };
}

/** What the estimate of a task in the target's queue depends on. */
function capacityFor(task: Queued, seen: Observation): QueueCapacity {
  const { slots, running, attemptMs, keys } = seen.pool;
  const { model } = targetOf(task);
  return {
    opensAt: opensAt(task, seen),
    slots: slots.open,
    // The index knows of claims and ends before the next heartbeat does.
    freeSlots: Math.max(0, slots.open - running),
    attemptMs,
    keys: (keys ?? []).map((key) => keyCapacity(key, model, seen.now)),
  };
}

/** `about 12 min at 6 requests per minute`; undefined if it starts in a moment or if that is unknown. */
export function startText({ wait, limit, atLeast, capacity }: ExpectedStart): string | undefined {
  if (limit === null) return undefined;
  const { slots, attemptMs, keys, limit: held } = capacity;
  const rate = Math.round(requestsPerMinute(keys));
  const how =
    limit === 'rate'
      ? ` at ${count(rate, 'request')} per minute`
      : limit === 'slots' && attemptMs !== null
        ? ` with ${count(slots, 'slot')} and ${about(attemptMs)} per attempt`
        : limit === 'tenant' && held !== undefined && attemptMs !== null
          ? ` with ${count(held.limit, 'task')} of the tenant or group at a time and ${about(attemptMs)} per attempt`
          : '';
  return `${atLeast ? 'at least' : 'about'} ${about(wait)}${how}`;
}

/** Infinity if the end of what holds the task up is unknown. */
function opensAt(task: Queued, { ahead, pool, block, storage = null, now }: Observation): Instant {
  if (storage !== null && holdsUp(storage, task.of.kind)) return Infinity;
  const pause = pool.paused === null ? now : (pool.paused.until ?? Infinity);
  if (block === null) return pause;
  if (block.permanent) return Infinity;
  switch (block.reason) {
    case 'RateLimit':
    case 'KeysCooling':
    case 'QuotaExhausted':
      // The keys say when each of them admits calls again.
      return pool.keys === null ? Math.max(pause, block.until ?? now) : pause;
    case 'BudgetExhausted':
      return Math.max(pause, block.until ?? Infinity);
    case 'ProviderOutage':
    case 'KeysRefused':
    case 'NoKeys':
      return Infinity;
    case 'TenantLimit':
      return ahead?.limit === undefined ? Infinity : pause;
    default:
      return block.reason satisfies never;
  }
}

function keyCapacity(key: ObservedKey, model: string, now: Instant): KeyCapacity {
  const { requestsPerMinute: rate, requestsLeft, inFlight, maxInFlight } = key;
  return { usableAt: usableAt(key, model, now), requestsPerMinute: rate, requestsLeft, inFlight, maxInFlight };
}

function usableAt({ state, until, models }: ObservedKey, model: string, now: Instant): Instant {
  if (state === 'refused') return Infinity;
  const own = models.find((one) => one.model === model);
  if (own !== undefined) return own.state === 'cooling' || own.state === 'exhausted' ? own.until : Infinity;
  // A cool-down of all models.
  return state === 'cooling' && models.length === 0 ? (until ?? now) : now;
}
