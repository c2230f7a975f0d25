// How many tasks are served before one: by lane, and by the turns that tenant parts take.
import { expect, test } from 'vitest';
import type { PoolDeclaration } from '../../../src/ports/poolRegistry.ts';
import { inPart } from '../../../src/job/parts.ts';
import { monotonicFrom } from '../../../src/job/time.ts';
import { claimed, requeued } from '../../../src/job/transitions.ts';
import type { Queued } from '../../../src/job/task.ts';
import { aheadOf, aheadOfNew, lengthOf, queuesOf } from '../../../src/jobs/queuePlaces.ts';
import { JobIndex } from '../../../src/readmodel/jobIndex.ts';
import type { Follower } from '../../../src/readmodel/follower.ts';
import { anEntry, queuedTask, start } from '../../fakes/tasks.ts';

/** An index, and what one of its processes knows of the pool. */
function aQueue(shares: PoolDeclaration['shares'] = {}) {
  const index = new JobIndex();
  let sequence = 0;
  const add = (task: Queued): { task: Queued; sequence: number } => {
    sequence += 1;
    index.apply(anEntry(sequence, task), monotonicFrom(0));
    return { task, sequence };
  };
  const declared = { name: 'default', provider: 'gemini', models: { image: [], text: [] }, policy: {}, shares };
  const pools = { find: () => declared } as never;
  const queues = () => queuesOf({ follower: { index } as Follower, pools }, 'default');
  return { index, add, queues };
}

const of = (tenant: string, part?: number): Queued => inPart(queuedTask({ tenant }), part);

test('without tenant parts, the tasks of the lane are served in order, after all requeued ones', () => {
  const { add, queues } = aQueue();
  const [first, second, third] = [add(of('a')), add(of('b')), add(of('a'))];
  const again = add(requeued(claimed(queuedTask(), 'w', 1, start), 'WorkerLost', 'lost', start));
  const seen = [first, second, third].map(({ task, sequence }) => aheadOf(queues(), task, sequence));
  expect(seen).toEqual([0, 1, 2].map((lane) => ({ again: 1, lane })));
  expect(aheadOf(queues(), again.task, again.sequence)).toEqual({ again: 0, lane: 0 });
  expect(lengthOf(queues(), 'normal')).toBe(3);
});

test('a tenant with a long queue delays a single task of another by a round, not by its queue', () => {
  const { index, add, queues } = aQueue();
  for (let task = 0; task < 4; task += 1) add(of('large'));
  for (let task = 0; task < 1_000; task += 1) add(of('large', 3));
  const express = add(of('small'));
  // Four before it, and one of the part for every two of the lane, in which two tenants wait.
  expect(aheadOf(queues(), express.task, express.sequence)).toEqual({ again: 0, lane: 4 + 2 });
  expect(aheadOfNew(index, queues(), [express.task])).toEqual([{ again: 0, lane: 6 }]);
  const other = add(of('small', 5));
  const { lane } = aheadOf(queues(), other.task, other.sequence);
  expect(lane).toBeLessThanOrEqual(3);
  const last = add(of('large', 3));
  expect(aheadOf(queues(), last.task, last.sequence).lane).toBe(1_000 + 4 + 1 + 1);
});

test('tenants of more weight take more turns', () => {
  const { add, queues } = aQueue({ weights: { heavy: 3 } });
  for (let task = 0; task < 100; task += 1) add(of('heavy', 1));
  const light = Array.from({ length: 10 }, () => add(of('light', 2))).at(-1)!;
  expect(aheadOf(queues(), light.task, light.sequence).lane).toBe(9 + 30);
  const heavy = add(of('heavy', 1));
  expect(aheadOf(queues(), heavy.task, heavy.sequence).lane).toBe(100 + 10);
});

test('the places of a new job count what is queued now, although it was observed before', () => {
  const { index, add, queues } = aQueue();
  const before = queues();
  for (let task = 0; task < 7; task += 1) add(of('a'));
  const job = [of('a'), of('a'), of('a', 2), of('a', 2)].map((task) => add(task).task);
  expect(aheadOfNew(index, before, job).map(({ lane }) => lane)).toEqual([7 + 2, 8 + 2, 1, 3]);
  expect(aheadOfNew(index, before, [])).toEqual([]);
});

test('the places of a new job have the tightest limit of its tenant or group', () => {
  const { index, add, queues } = aQueue();
  for (let task = 0; task < 3; task += 1) add(of('a'));
  add(claimed(of('a'), 'w', 1, start) as never);
  const job = [of('a'), of('a')].map((task) => add(task).task);
  const limits = { tenant: 2, tenants: { b: 7 } };
  expect(aheadOfNew(index, queues(), job, limits).map(({ limit }) => limit)).toEqual([
    { limit: 2, running: 1, before: 3 },
    { limit: 2, running: 1, before: 4 },
  ]);
  const grouped = add(inPart(queuedTask({ tenant: 'b', group: 'g' }), undefined)).task;
  const both = { ...limits, group: 1 };
  expect(aheadOfNew(index, queues(), [grouped], both)[0]!.limit).toEqual({ limit: 1, running: 0, before: 0 });
  expect(aheadOfNew(index, queues(), [grouped])[0]).not.toHaveProperty('limit');
});
