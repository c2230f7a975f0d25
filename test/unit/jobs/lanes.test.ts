// New specs choose their tenant part only if every live worker of the pool serves parts.

import { expect, test } from 'vitest';
import { partCount } from '../../../src/job/parts.ts';
import { inParts, placer, type LaneContext } from '../../../src/jobs/lanes.ts';
import type { Running } from '../../../src/job/task.ts';
import { JobIndex } from '../../../src/readmodel/jobIndex.ts';
import type { PoolDeclaration } from '../../../src/ports/poolRegistry.ts';
import type { LiveWorker } from '../../../src/readmodel/workerDirectory.ts';
import { monotonicFrom } from '../../../src/job/time.ts';
import { aJob, anEntry, queuedTask } from '../../fakes/tasks.ts';

const declared = (over: Partial<PoolDeclaration> = {}): PoolDeclaration => ({
  name: 'default',
  provider: 'gemini',
  models: { image: ['m'], text: [] },
  policy: {},
  ...over,
});

const worker = (over: { parts?: number; draining?: boolean; pool?: string }): LiveWorker =>
  ({ beat: { pool: 'default', draining: false, ...over } }) as unknown as LiveWorker;

function contextOf(live: readonly LiveWorker[], pool = declared(), index = new JobIndex()): LaneContext {
  return { follower: { index }, pools: { find: () => pool }, workers: { list: () => live } };
}

const partsIn = (context: LaneContext, count = 6) => inParts(context, aJob(count)).map(({ state }) => state.part);
const own = [undefined, undefined, undefined, undefined];

test('while every worker serves parts', () => {
  const [first, ...rest] = partsIn(contextOf([worker({ parts: partCount })])).slice(4);
  expect(first).toBeGreaterThan(0);
  expect(rest).toEqual([first]);
});

test('not while one does not, unless it is draining or of another pool', () => {
  const newer = worker({ parts: partCount });
  expect(partsIn(contextOf([newer, worker({})]))).toEqual([...own, undefined, undefined]);
  expect(partsIn(contextOf([newer, worker({ draining: true }), worker({ pool: 'other' })]))[5]).toBeGreaterThan(0);
});

test('without a worker, if the pool was declared by a version that serves parts', () => {
  expect(partsIn(contextOf([]))[5]).toBeUndefined();
  expect(partsIn(contextOf([], declared({ parts: partCount })))[5]).toBeGreaterThan(0);
});

test('a process that hears no heartbeats uses no parts', () => {
  const { follower, pools } = contextOf([], declared({ parts: partCount }));
  expect(partsIn({ follower, pools })[5]).toBeUndefined();
});

test('a tenant at its limit does not get into the lane itself', () => {
  const index = new JobIndex();
  for (let at = 1; at <= 2; at += 1) index.apply(anEntry(at, queuedTask({ tenant: 'default' })), monotonicFrom(0));
  const limited = declared({ shares: { limits: { tenant: 3 } } });
  const live = [worker({ parts: partCount })];
  const placed = inParts(contextOf(live, limited, index), aJob(3)).map(({ state }) => state.part !== undefined);
  expect(placed).toEqual([false, true, true]);
  const of = { tenants: { default: 9 }, tenant: 1 };
  const raised = contextOf(live, declared({ shares: { limits: of } }), index);
  expect(inParts(raised, aJob(2)).map(({ state }) => state.part)).toEqual([undefined, undefined]);
});

test('writes that are made at the same time count each other, until this process knows them to be queued', () => {
  const index = new JobIndex();
  const place = placer(contextOf([worker({ parts: partCount })], declared(), index));
  const job = aJob(9);
  const placed = job.slice(0, 6).map((spec) => place(spec).state);
  expect(placed.map(({ part }) => part).slice(0, 4)).toEqual(own);
  expect(placed[4]!.part).toBeGreaterThan(0);
  expect(placed[5]!.part).toBe(placed[4]!.part);
  const other = aJob(1, { tenant: 'other' }).map((spec) => place(spec).state.part);
  expect(other).toEqual([undefined]);
  for (const [at, state] of placed.slice(0, 3).entries()) index.apply(anEntry(at + 1, state), monotonicFrom(0));
  // Three are known and three are not.
  expect(place(job[6]!).state.part).toBe(placed[4]!.part);
});

test('a task is placed by those that are still queued', () => {
  const index = new JobIndex();
  const place = placer(contextOf([worker({ parts: partCount })], declared(), index));
  const job = aJob(5);
  for (const [at, spec] of job.slice(0, 4).entries()) {
    const { state } = place(spec);
    index.apply(anEntry(2 * at + 1, state), monotonicFrom(0));
    index.apply(anEntry(2 * at + 2, { ...state, state: 'running' } as unknown as Running), monotonicFrom(0));
  }
  expect(place(job[4]!).state.part).toBeUndefined();
});
