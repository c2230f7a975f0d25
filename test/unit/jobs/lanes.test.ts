// New specs choose their tenant part only if every live worker of the pool serves parts.

import { expect, test } from 'vitest';
import { partCount } from '../../../src/job/parts.ts';
import { inParts, type LaneContext } from '../../../src/jobs/lanes.ts';
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
