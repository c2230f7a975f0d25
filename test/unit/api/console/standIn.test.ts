// While a stand-in answers for a pool, its pool, the doctor and the console's session say so.

import { expect, onTestFinished, test } from 'vitest';
import { beatOf } from '../../../fakes/heartbeats.ts';
import { apiWorld } from '../../../fakes/apiWorld.ts';
import { until } from '../../../support/until.ts';

test('each names the pools whose workers say it, until they stop', async () => {
  const world = await apiWorld({ consoleFolder: new URL('./', import.meta.url) });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const session = async () => (await world.get('/console/session')).json.standIn;
  const doctor = async () =>
    (await world.get('/v1/doctor')).json.checks.find(({ name }: { name: string }) => name === 'stand-in');
  const pools = async () =>
    Object.fromEntries((await world.get('/v1/pools')).json.items.map(({ name, standIn }: never) => [name, standIn]));
  expect([await session(), await doctor(), await pools()]).toEqual([
    null,
    undefined,
    { default: false, drawings: false },
  ]);

  world.heartbeats.emit({ event: 'beat', beat: beatOf('real', 1, []) });
  world.heartbeats.emit({ event: 'beat', beat: beatOf('painter', 1, [], { pool: 'drawings', standIn: true }) });
  await until(async () => (await pools())['drawings'], { what: 'the pool to say it' });
  expect(await session()).toEqual({ providers: ['openai'], pools: ['drawings'] });
  expect(await pools()).toEqual({ default: false, drawings: true });
  expect(await doctor()).toMatchObject({
    ok: true,
    says: "a stand-in answers for pool drawings: the results are not the provider's",
  });

  world.heartbeats.emit({
    event: 'beat',
    beat: beatOf('painter', 2, [], { pool: 'drawings', standIn: true, stopped: true }),
  });
  await until(async () => (await session()) === null, { what: 'the session to say no more' });
});
