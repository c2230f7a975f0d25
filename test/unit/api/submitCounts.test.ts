// The counts of submits: each once, by pools that exist and by error code.

import type { Counter } from 'prom-client';
import { expect, test } from 'vitest';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { until } from '../../support/until.ts';

const yard = { kind: 'image', input: { prompt: 'a yard' } };

test('counts submits by pool and outcome, and never by a name that a client made up', async () => {
  await using world = await apiWorld();
  await world.post('/v1/jobs', yard, { 'idempotency-key': 'k' });
  await world.post('/v1/jobs', yard, { 'idempotency-key': 'k' });
  await world.post('/v1/jobs', { ...yard, pool: 'made-up' });
  expect(await above0(world.metrics.submits)).toEqual([
    ['default', 'replayed', 1],
    ['default', 'stored', 1],
    ['other', 'refused', 1],
  ]);
  expect(await above0(world.metrics.submitsRefused)).toEqual([['other', 'PoolNotFound', 1]]);
});

test('counts what is refused before or after its body is read, by code, and begins at 0', async () => {
  await using world = await apiWorld();
  const { submits, submitsRefused } = world.metrics;
  const begun = (await submitsRefused.get()).values.map(({ labels }) => `${labels.pool} ${labels.code}`);
  expect(begun).toContain('drawings StorageFull');
  expect((await submits.get()).values).toHaveLength(3 * 4);
  await world.post('/v1/jobs', { ...yard, kind: 'opera' });
  await world.post('/v1/jobs', { ...yard, pool: { default: true } });
  await world.post('/v1/jobs', { ...yard, model: 'made-up' });
  await world.api.inject({ method: 'POST', url: '/v1/jobs', headers: { 'content-type': 'text/csv' }, body: 'a,b' });
  const counted = async (): Promise<boolean> => (await above0(submits)).reduce((sum, [, , n]) => sum + n, 0) === 4;
  await until(counted, { what: 'four submits to be counted' });
  expect(await above0(submits)).toEqual([
    ['default', 'refused', 2],
    ['other', 'refused', 2],
  ]);
  expect(await above0(submitsRefused)).toEqual([
    ['default', 'InvalidRequest', 1],
    ['default', 'ModelNotInPool', 1],
    ['other', 'InvalidRequest', 1],
    ['other', 'UnsupportedMediaType', 1],
  ]);
});

/** The values of the labels and the count of each series that has counted something, sorted. */
async function above0(counter: Pick<Counter, 'get'>): Promise<[string, string, number][]> {
  const { values } = await counter.get();
  const counted = values.filter(({ value }) => value > 0);
  const rows = counted.map(({ labels, value }): [string, string, number] => [
    String(labels['pool']),
    String(labels['outcome'] ?? labels['code']),
    value,
  ]);
  return rows.toSorted((a, b) => (a.join() < b.join() ? -1 : 1));
}
