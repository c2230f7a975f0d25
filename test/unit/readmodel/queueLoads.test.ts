// What the index counts per tenant and tenant part.

import { expect, test } from 'vitest';
import { inPart } from '../../../src/job/parts.ts';
import type { Queued } from '../../../src/job/task.ts';
import { claimed, requeued } from '../../../src/job/transitions.ts';
import { QueueLoads } from '../../../src/readmodel/queueLoads.ts';
import { queuedTask, start } from '../../fakes/tasks.ts';

const flow = (tenant: string, group: string | null = null) => ({ tenant, group });

function loadsOf(states: readonly Queued[]): QueueLoads {
  const loads = new QueueLoads();
  for (const state of states) loads.count(state, 1);
  return loads;
}

test('counts queued tasks by tenant, flow and part', () => {
  const tasks = [undefined, 2, 2].map((part) => inPart(queuedTask({ tenant: 'shop', group: 'g' }), part));
  const loads = loadsOf([...tasks, inPart(queuedTask({ tenant: 'other' }), 2)]);
  const lane = loads.lane('default', 'normal', flow('shop', 'g'));
  expect(lane).toMatchObject({ ofTenant: 3, queuedInFlow: 3 });
  expect([lane.ofFlow(0), lane.ofFlow(2), lane.ofAll(2), lane.ofAll(1)]).toEqual([1, 2, 3, 0]);
  expect(loads.lane('default', 'normal', flow('shop')).ofFlow(2)).toBe(0);
  expect(loads.lane('default', 'high', flow('shop', 'g'))).toMatchObject({ ofTenant: 0, queuedInFlow: 0 });
});

test('a claimed task counts as running, and a requeued one waits in no part', () => {
  const task = inPart(queuedTask({ tenant: 'shop', group: 'g' }), 2);
  const loads = loadsOf([task]);
  const running = claimed(task, 'worker-1', 1, start);
  loads.count(task, -1);
  loads.count(running, 1);
  expect(loads.tenants('default').get('shop')).toEqual({ queued: 0, running: 1 });
  expect(loads.runningInGroup('default', flow('shop', 'g'))).toBe(1);
  const again = requeued(running, 'WorkerLost', 'lost', start);
  loads.count(running, -1);
  loads.count(again, 1);
  expect(loads.tenants('default').get('shop')).toEqual({ queued: 1, running: 0 });
  expect(loads.lane('default', 'normal', flow('shop', 'g')).ofTenant).toBe(0);
  loads.count(again, -1);
  expect(loads.tenants('default').size).toBe(0);
});
