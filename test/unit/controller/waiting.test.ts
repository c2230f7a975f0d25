// The count of waiting tasks by reason: the same that the explanation of each task gives, at the cost of a few explanations.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countWaiting } from '../../../src/controller/metrics/waiting.ts';
import { lanes, type OpenTask, type TaskState } from '../../../src/job/task.ts';
import { claimed, requeued, submitted, submittedHeld, toReview, waiting } from '../../../src/job/transitions.ts';
import type { ExplainContext } from '../../../src/jobs/explain.ts';
import { WaitObserver } from '../../../src/jobs/waitObserver.ts';
import type { Outage } from '../../../src/ports/keyRing.ts';
import { startFollower } from '../../../src/readmodel/follower.ts';
import { WorkerDirectory } from '../../../src/readmodel/workerDirectory.ts';
import { settle, virtualClock } from '../../fakes/clock.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { blockOf } from '../../fakes/blocks.ts';
import { fakeJobLog } from '../../fakes/jobLog.ts';
import { fakePoolRegistry } from '../../fakes/poolRegistry.ts';
import { freshJobId, identity, start } from '../../fakes/tasks.ts';
import { pino } from 'pino';

type Over = Parameters<typeof identity>[0];

const queued = (over: Over = {}): OpenTask => submitted(identity({ job: freshJobId(), ...over }));
const running = (over: Over = {}) => claimed(submitted(identity({ job: freshJobId(), ...over })), 'worker-1', 1, start);
const backingOff = (over: Over = {}) => waiting(running(over), 'ProviderError', start + 60_000, start);
const inReview = (over: Over = {}) => toReview(running(over), start);
const held = (over: Over = {}) =>
  submittedHeld(identity({ job: freshJobId(), after: [0], task: 1, total: 2, ...over }), start + 1);

const requeuedTask = () => requeued(running(), 'WorkerLost', 'lost', start);

interface Situation {
  readonly states: readonly TaskState[];
  /** Of the worker in pool `default`; null: no worker. */
  readonly freeSlots: number | null;
  readonly more?: Partial<ExplainContext>;
}

async function situation({ states, freeSlots, more = {} }: Situation) {
  const clock = virtualClock();
  const log = fakeJobLog({ clock });
  for (const state of states) log.append(state);
  const follower = startFollower({ log, clock, logger: pino({ level: 'silent' }) });
  await settle();
  const pools = fakePoolRegistry();
  const models = { image: ['gemini-3.1-flash-image'], text: [] };
  await pools.declare({ name: 'default', provider: 'gemini', models, policy: {} });
  const workers = new WorkerDirectory(clock);
  const slots = { total: 4, busy: 4 - (freeSlots ?? 0), leaked: 0 };
  if (freeSlots !== null) workers.observe({ event: 'beat', beat: aBeat({ slots }) });
  const queue = { paused: () => Promise.resolve(undefined) };
  const lastClaims = { of: () => null };
  const context: ExplainContext = { clock, follower, pools, workers, queue, lastClaims, ...more };
  return { context, follower };
}

async function counted(it: Situation): Promise<Record<string, number>> {
  const { context } = await situation(it);
  return Object.fromEntries((await countWaiting(context, ['default'], [])).get('default') ?? []);
}

test('each task that waits is counted once, by the reason of its explanation', async () => {
  const states = [queued(), queued(), queued(), running(), backingOff(), inReview(), inReview(), held()];
  expect(await counted({ states, freeSlots: 1 })).toEqual({ SlotsBusy: 2, Backoff: 1, Review: 2, Dependency: 1 });
  expect(await counted({ states, freeSlots: null })).toEqual({ NoWorkers: 3, Backoff: 1, Review: 2, Dependency: 1 });
});

test('every pool shows the reasons that are asked for as 0', async () => {
  const { context } = await situation({ states: [], freeSlots: 1 });
  const counts = await countWaiting(context, ['default', 'drawings'], ['NoWorkers', 'Review']);
  const zeros = new Map([
    ['NoWorkers', 0],
    ['Review', 0],
  ]);
  expect(counts).toEqual(
    new Map([
      ['default', zeros],
      ['drawings', zeros],
    ]),
  );
});

test('tenants and models are told apart, and blocked tasks take no place in the queue of the others', async () => {
  const keys: ExplainContext['keys'] = {
    state: () => Promise.resolve([]),
    outages: (): readonly Outage[] => [],
    block: (_, model, tenant) =>
      model === 'out' ? blockOf('ProviderOutage') : tenant === 'busy' ? blockOf('TenantLimit') : undefined,
  };
  const states = [queued({ model: 'out' }), queued({ tenant: 'busy' }), queued({ tenant: 'busy' }), queued(), queued()];
  const counts = await counted({ states, freeSlots: 1, more: { keys } });
  expect(counts).toEqual({ ProviderOutage: 1, TenantLimit: 2, SlotsBusy: 1 });
});

test('full storage holds up everything but reviews', async () => {
  const full = { place: 'stream', refuses: 'statuses', since: start, words: 'full' } as const;
  const states = [queued(), backingOff(), inReview(), running()];
  const counts = await counted({ states, freeSlots: 1, more: { storage: { full: () => full } } });
  expect(counts).toEqual({ StorageFull: 2, Review: 1 });
});

test('the counts are those of the explanations, whatever the queue looks like', async () => {
  const lane = fc.constantFrom(...lanes.filter((name) => name === 'high' || name === 'normal' || name === 'low'));
  const any = fc.oneof(
    lane.map((priority) => queued({ priority: priority as 'high' })),
    fc.constantFrom(running, backingOff, inReview, held, requeuedTask).map((make) => make()),
  );
  const property = fc.asyncProperty(
    fc.array(any, { maxLength: 20 }),
    fc.option(fc.nat(4), { nil: null }),
    async (states, freeSlots) => {
      const { context, follower } = await situation({ states, freeSlots });
      const tasks = [...follower.index.openTasks()];
      const waits = await new WaitObserver(context).of(tasks);
      const expected: Record<string, number> = {};
      for (const task of tasks) {
        const reason = waits(task)?.reason;
        if (reason !== undefined) expected[reason] = (expected[reason] ?? 0) + 1;
      }
      expect(Object.fromEntries((await countWaiting(context, ['default'], [])).get('default')!)).toEqual(expected);
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

test('20,000 tasks cost a few explanations', async () => {
  let asked = 0;
  const keys: ExplainContext['keys'] = {
    state: () => Promise.resolve([]),
    outages: (): readonly Outage[] => [],
    block: () => void (asked += 1),
  };
  const total = 500;
  const jobs = Array.from({ length: 40 }, () => freshJobId());
  const states = jobs.flatMap((job) => Array.from({ length: total }, (_, task) => queued({ job, task, total })));
  const counts = await counted({ states, freeSlots: 3, more: { keys } });
  expect(counts).toEqual({ SlotsBusy: 19_997 });
  expect(asked).toBe(1);
});
