// Tasks and pools as an explanation sees them, for tests.

import type { Block } from '../../../src/job/block.ts';
import { explain } from '../../../src/job/explain/index.ts';
import type { ObservedKey, Observation, ObservedPool } from '../../../src/job/explain/observation.ts';
import { waitingFor } from '../../../src/job/explain/waitingFor.ts';
import type { TaskState } from '../../../src/job/task.ts';
import { claimed } from '../../../src/job/transitions.ts';
import { blockOf } from '../../fakes/blocks.ts';
import { queuedTask, start } from '../../fakes/tasks.ts';

export const key = (state: ObservedKey['state'], over: Partial<ObservedKey> = {}): ObservedKey => {
  const limits = { requestsPerMinute: 60, requestsLeft: 60, inFlight: 0, maxInFlight: 16, models: [] };
  return { fingerprint: `k-${state}`, state, until: null, cause: null, ...limits, ...over };
};

export const outage = (over: Partial<Block>): Block =>
  blockOf('ProviderOutage', {
    since: start + 10_000,
    provider: { status: 503, code: 'UNAVAILABLE' },
    message: 'Gemini answered 503: The model is overloaded.',
    ...over,
  });

const healthy: ObservedPool = {
  name: 'default',
  provider: 'gemini',
  lanes: { again: 0, high: 0, normal: 1, low: 0, guest: 0 },
  workers: 1,
  draining: 0,
  slots: { total: 4, free: 4, open: 4 },
  running: 0,
  attemptMs: null,
  keys: [key('ready')],
  paused: null,
  lastClaimAt: null,
};

export const queued = queuedTask();
export const running = claimed(queued, 'worker-1', 1, start);

export const noCall = { phase: null, waited: null, usual: null };

type Slots = Omit<ObservedPool['slots'], 'open'> & { open?: number };
interface PoolFacts extends Partial<Omit<ObservedPool, 'slots'>> {
  readonly slots?: Slots;
}

export function seenBy(task: TaskState, after: number, over: Partial<Observation> = {}, pool: PoolFacts = {}) {
  const ahead = task.state === 'queued' ? { again: 0, lane: 0 } : null;
  const runner =
    task.state === 'running' ? { silentFor: 400, draining: false, listsTask: true, progress: 0, ...noCall } : null;
  const now = start + after;
  const seen = {
    task,
    error: null,
    block: null,
    ahead,
    runner,
    heartbeatTimeout: 6_000,
    now,
    pool: { ...healthy, ...pool, slots: slotsOf(pool.slots ?? healthy.slots) },
  };
  return { ...seen, ...over };
}

const slotsOf = (slots: Slots): ObservedPool['slots'] => ({ open: slots.total, ...slots });

export const explained = (...facts: Parameters<typeof seenBy>) => explain(seenBy(...facts));
export const waited = (...facts: Parameters<typeof seenBy>) => waitingFor(seenBy(...facts));
