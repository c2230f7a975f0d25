// Why a queued task has not been claimed: every obstacle, in the order in which they must be removed.

import type { Instant, Queued } from '../task.ts';
import type { Finding, ObservedKey, Observation, ObservedPool } from './observation.ts';
import { about, at, clockTime, count } from './format.ts';

/** ms after which it is unexpected that free workers have not claimed the next task. */
const claimExpectedWithin = 10_000;

export function whyQueued(task: Queued, seen: Observation): Finding[] {
  const { pool, now } = seen;
  const obstacles = [removed(pool), paused(pool, now), noWorkers(pool), noUsableKey(pool, now)].filter(
    (it) => it !== undefined,
  );
  const behind = queuedBehind(task, seen);
  if (behind !== undefined) obstacles.push(behind);
  if (obstacles.length > 0) return obstacles;
  return [pool.slots.free === 0 ? workersBusy(pool) : next(task, seen)];
}

/** Undefined while remaining workers of the removed pool can still run the task. */
function removed({ name, removed: isRemoved = false, workers, draining }: ObservedPool): Finding | undefined {
  if (!isRemoved || workers > draining) return undefined;
  return {
    cause: 'PoolRemoved',
    summary: `Pool ${name} no longer exists: its WorkerPool was deleted`,
    advice: `Create a pool named ${name}, or cancel the job. Otherwise the task fails at its queue timeout.`,
  };
}

function paused({ name, paused: pause }: ObservedPool, now: Instant): Finding | undefined {
  if (pause === null) return undefined;
  const { until } = pause;
  const end = until === null ? 'until it is resumed' : `for ${about(until - now)}, until ${clockTime(until)}`;
  return {
    cause: 'PoolPaused',
    summary: `Pool ${name} is paused ${end}; workers claim no tasks from it`,
    advice: `Resume it with \`genwarden resume ${name}\`. The queue timeout keeps running during the pause.`,
  };
}

function noWorkers({ name, workers, draining }: ObservedPool): Finding | undefined {
  if (workers > draining) return undefined;
  const leaving = draining === 0 ? '' : ` (${count(draining, 'worker')} ${isOrAre(draining)} shutting down)`;
  return {
    cause: 'NoWorkers',
    summary: `No worker serves pool ${name}${leaving}`,
    advice: `Start one with \`genwarden worker --pool ${name}\`, or raise the replicas of its Deployment.`,
  };
}

/** Undefined if a key may be used, or if nothing is known about the keys. */
function noUsableKey({ name, keys }: ObservedPool, now: Instant): Finding | undefined {
  if (keys === null || keys.some(({ state }) => state === 'ready')) return undefined;
  if (keys.length === 0) {
    const advice = `Set GENWARDEN_GEMINI_API_KEYS (or keys in GENWARDEN_POOLS_FILE) for the workers of ${name}.`;
    return { cause: 'NoKeys', summary: `Pool ${name} has no API key, so its workers claim no tasks`, advice };
  }
  if (keys.every(({ state }) => state === 'refused')) return refused(name, keys);
  const free = keys.flatMap(({ state, until }) => (state === 'refused' ? [] : (until ?? [])));
  const first = Math.min(...free);
  const when = first > now && first < Infinity ? `; the first is usable again ${at(first, now)}` : '';
  if (keys.every(({ state }) => state !== 'busy')) return cooling(name, keys, when);
  return {
    cause: 'KeysBusy',
    summary: `All ${count(keys.length, 'key')} of pool ${name} are at their request limit${when}`,
    advice: 'Add keys, or raise their requests per minute if the provider allows it.',
  };
}

function refused(name: string, keys: readonly ObservedKey[]): Finding {
  return {
    cause: 'KeysRefused',
    summary: `The provider rejects every key of pool ${name}: ${keys.map(named).join(', ')}`,
    advice: 'Replace the keys and restart the workers. The task waits for a working key until its queue timeout.',
  };
}

function cooling(name: string, keys: readonly ObservedKey[], when: string): Finding {
  return {
    cause: 'KeysCooling',
    summary: `All keys of pool ${name} are cooling down: ${keys.map(named).join(', ')}${when}`,
    advice: 'No action needed. If this persists, add keys or reduce the load.',
  };
}

const named = ({ fingerprint, cause }: ObservedKey): string => `${fingerprint}${cause === null ? '' : ` (${cause})`}`;

function queuedBehind({ lane }: Queued, { ahead, pool }: Observation): Finding | undefined {
  if (ahead === null || ahead.again + ahead.lane === 0) return undefined;
  const inLane = lane === 'again' ? ahead.again : ahead.lane;
  const requeued = lane === 'again' ? 0 : ahead.again;
  const before = [
    ...(inLane > 0 ? [`${count(inLane, 'task')} in lane ${lane}`] : []),
    ...(requeued > 0 ? [count(requeued, 'requeued task')] : []),
  ];
  const busy = pool.slots.total - pool.slots.free;
  return {
    cause: 'QueuedBehind',
    summary: `${before.join(' and ')} ${isOrAre(inLane + requeued)} ahead of it; ${busy} of ${pool.slots.total} slots of pool ${pool.name} are busy`,
    advice: 'Add workers or slots, or submit with a higher priority.',
  };
}

function workersBusy({ name, slots, workers }: ObservedPool): Finding {
  const summary = `It is next, but pool ${name} has no free slot (${count(slots.total, 'slot')} on ${count(workers, 'worker')})`;
  return { cause: 'WorkersBusy', summary, advice: 'No action needed: it starts as soon as a slot is free.' };
}

function next(task: Queued, { now, pool }: Observation): Finding {
  const waited = now - task.since;
  if (waited < claimExpectedWithin) {
    return { cause: 'AboutToStart', summary: 'It is next and should start in a moment' };
  }
  return {
    cause: 'NotTaken',
    summary: `It is next and pool ${pool.name} has ${count(pool.slots.free, 'free slot')}, but no worker has claimed it for ${about(waited)}`,
    advice: "Check the workers' logs, and run `genwarden doctor` to check that a controller leads.",
  };
}

const isOrAre = (number: number): string => (number === 1 ? 'is' : 'are');
