// Who pauses and resumes a pool: its spec, or a call. A restart of the operator does neither.
import { expect, test } from 'vitest';
import { workerPoolType } from '../../../../src/operator/resources/kinds.ts';
import { anOperator, aWorld, conditions, key, namespace, putPool } from './stage.ts';

test('spec.paused pauses and resumes the queue, and does not end a pause set through the API', async () => {
  const world = aWorld();
  await world.queue.ensurePool('default');
  putPool(world);
  const operator = await anOperator(world);
  expect(conditions(world)['Paused']).toBe('False NotPaused');
  putPool(world, { paused: true });
  await operator.settle();
  expect(await world.queue.paused('default')).toEqual({ until: null });
  expect(conditions(world)['Paused']).toBe('True PausedBySpec');
  await world.queue.resume('default');
  await operator.after(11_000);
  expect(await world.queue.paused('default')).toEqual({ until: null });
  // Another operator knows from the status who paused the queue.
  await operator.stop();
  const next = await anOperator(world);
  putPool(world);
  await next.settle();
  expect(await world.queue.paused('default')).toBeUndefined();
  await world.queue.pause('default');
  await next.after(11_000);
  expect(conditions(world)['Paused']).toBe('True PausedByApi');
  putPool(world, { paused: true });
  await next.settle();
  putPool(world);
  await next.after(11_000);
  expect(await world.queue.paused('default')).toEqual({ until: null });
  expect([...operator.events, ...next.events].map(({ reason }) => reason)).toEqual([
    'Created',
    'Paused',
    'Paused',
    'Resumed',
  ]);
});

test.each([
  ['a pause by the spec', { paused: true }, 'none', { until: null }, 'True PausedBySpec'],
  ['a pause by a call', {}, 'before', { until: null }, 'True PausedByApi'],
  ['a pause by a call while no operator ran', {}, 'meanwhile', { until: null }, 'True PausedByApi'],
  ['no pause', {}, 'none', undefined, 'False NotPaused'],
] as const)('a restart of the operator keeps %s', async (_, spec, called, expected, condition) => {
  const world = aWorld();
  await world.queue.ensurePool('default');
  putPool(world, spec);
  const operator = await anOperator(world);
  if (called === 'before') await world.queue.pause('default');
  await operator.after(6_000);
  await operator.stop();
  if (called === 'meanwhile') await world.queue.pause('default');
  const next = await anOperator(world);
  await next.after(11_000);
  expect(await world.queue.paused('default')).toEqual(expected);
  expect(conditions(world)['Paused']).toBe(condition);
  expect(world.pools.find('default')!.resource).toEqual({ namespace, paused: condition === 'True PausedBySpec' });
  expect(next.events).toEqual([]);
});

test('the pause of a deleted pool does not pass to a new one, and an event says so', async () => {
  const world = aWorld();
  await world.queue.ensurePool('default');
  putPool(world);
  const operator = await anOperator(world);
  await world.queue.pause('default');
  await operator.stop();
  world.cluster.remove(workerPoolType, key('default'));
  putPool(world);
  const next = await anOperator(world);
  await next.settle();
  expect(await world.queue.paused('default')).toBeUndefined();
  expect(next.events).toContainEqual(expect.objectContaining({ reason: 'Resumed' }));
});
