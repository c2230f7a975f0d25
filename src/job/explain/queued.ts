// Why a queued task is not taken: every obstacle on its way, the one that must go first at the front.

import type { Queued } from '../task.ts';
import type { Finding, ObservedKey, Observation, ObservedPool } from './observation.ts';
import { about, at, clockTime, count } from './words.ts';

/** A task that is next and that free workers leave alone for this long is strange, ms. */
const shouldBeTakenIn = 10_000;

export function whyQueued(task: Queued, seen: Observation): Finding[] {
  const { pool, now } = seen;
  const obstacles = [removed(pool), paused(pool, now), noWorkers(pool), keysWanting(pool, now)].filter(
    (it) => it !== undefined,
  );
  const behind = queuedBehind(task, seen);
  if (behind !== undefined) obstacles.push(behind);
  if (obstacles.length > 0) return obstacles;
  return [pool.slots.free === 0 ? workersBusy(pool) : next(task, seen)];
}

/** Workers that are still there may serve it to the end. */
function removed({ name, removed: isGone = false, workers, draining }: ObservedPool): Finding | undefined {
  if (!isGone || workers > draining) return undefined;
  return {
    cause: 'PoolRemoved',
    says: `There is no pool ${name} any more: its WorkerPool was deleted`,
    advice: `Make a pool ${name} again, or cancel the job; else the task fails at its queue timeout.`,
  };
}

function paused({ name, paused: pause }: ObservedPool, now: number): Finding | undefined {
  if (pause === null) return undefined;
  const { until } = pause;
  const end = until === null ? 'until somebody resumes it' : `for ${about(until - now)}, until ${clockTime(until)}`;
  return {
    cause: 'PoolPaused',
    says: `Pool ${name} is paused ${end}: no worker takes its tasks`,
    advice: `Resume it with \`genwarden resume ${name}\`; the queue timeout goes on meanwhile.`,
  };
}

function noWorkers({ name, workers, draining }: ObservedPool): Finding | undefined {
  if (workers > draining) return undefined;
  const leaving = draining === 0 ? '' : ` (${count(draining, 'worker')} is shutting down)`;
  return {
    cause: 'NoWorkers',
    says: `No worker serves pool ${name}${leaving}`,
    advice: `Start one: \`genwarden worker --pool ${name}\`, or raise the replicas of its Deployment.`,
  };
}

/** Undefined while a key may be used, or where nothing is known of keys. */
function keysWanting({ name, keys }: ObservedPool, now: number): Finding | undefined {
  if (keys === null || keys.some(({ state }) => state === 'ready')) return undefined;
  if (keys.length === 0) {
    const advice = `Set GENWARDEN_GEMINI_API_KEYS (or keys in GENWARDEN_POOLS_FILE) for the workers of ${name}.`;
    return { cause: 'NoKeys', says: `Pool ${name} has no API key: its workers take no task`, advice };
  }
  if (keys.every(({ state }) => state === 'refused')) return refused(name, keys);
  const free = keys.flatMap(({ state, until }) => (state === 'refused' ? [] : (until ?? [])));
  const first = Math.min(...free);
  const when = first > now && first < Infinity ? `; the first may be used again ${at(first, now)}` : '';
  if (keys.every(({ state }) => state !== 'busy')) return cooling(name, keys, when);
  return {
    cause: 'KeysBusy',
    says: `All ${count(keys.length, 'key')} of pool ${name} are at their limit of requests${when}`,
    advice: 'Add keys, or raise their requests per minute if the provider allows more.',
  };
}

function refused(name: string, keys: readonly ObservedKey[]): Finding {
  return {
    cause: 'KeysRefused',
    says: `The provider refuses every key of pool ${name}: ${keys.map(named).join(', ')}`,
    advice: 'Replace the keys and restart the workers; the task waits for one until its queue timeout.',
  };
}

function cooling(name: string, keys: readonly ObservedKey[], when: string): Finding {
  return {
    cause: 'KeysCooling',
    says: `All keys of pool ${name} cool down: ${keys.map(named).join(', ')}${when}`,
    advice: 'Nothing to do if it passes; add keys or lower the load if it lasts.',
  };
}

const named = ({ fingerprint, cause }: ObservedKey): string => `${fingerprint}${cause === null ? '' : ` (${cause})`}`;

function queuedBehind({ lane }: Queued, { ahead, pool }: Observation): Finding | undefined {
  if (ahead === null || ahead.again + ahead.lane === 0) return undefined;
  const inLane = lane === 'again' ? ahead.again : ahead.lane;
  const before = [
    ...(inLane > 0 ? [`${count(inLane, 'task')} in its lane ${lane}`] : []),
    ...(lane !== 'again' && ahead.again > 0 ? [`${count(ahead.again, 'requeued task')}`] : []),
  ];
  const busy = pool.slots.total - pool.slots.free;
  return {
    cause: 'QueuedBehind',
    says: `Before it stand ${before.join(' and ')}; ${busy} of ${pool.slots.total} slots of pool ${pool.name} are busy`,
    advice: 'Add workers or slots to serve the queue faster, or submit with a higher priority.',
  };
}

function workersBusy({ name, slots, workers }: ObservedPool): Finding {
  const says = `It is next, but all ${count(slots.total, 'slot')} of ${count(workers, 'worker')} of pool ${name} are busy`;
  return { cause: 'WorkersBusy', says, advice: 'Nothing to do: it starts as soon as a slot is free.' };
}

function next(task: Queued, { now, pool }: Observation): Finding {
  const waited = now - task.since;
  if (waited < shouldBeTakenIn) {
    return { cause: 'AboutToStart', says: 'It is next: a worker takes it in a moment' };
  }
  return {
    cause: 'NotTaken',
    says: `It is next and ${count(pool.slots.free, 'slot')} of pool ${pool.name} are free, but nobody took it for ${about(waited)}`,
    advice: 'Look at the log of the workers, and check with `genwarden doctor` that a controller leads.',
  };
}
