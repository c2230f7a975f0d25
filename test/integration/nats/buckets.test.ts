// Buckets, their mirrors and the server's clock, across restarts of a real server.

import { jetstream } from '@nats-io/jetstream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { natsClock, natsLeadership, natsPoolRegistry } from '../../../src/adapters/nats/index.ts';
import type { PoolDeclaration } from '../../../src/ports/poolRegistry.ts';
import { managerOf } from '../../support/jetStream.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

const pool = (name: string): PoolDeclaration => ({
  name,
  provider: 'gemini',
  models: { image: ['m'], text: [] },
  policy: {},
});

test('a mirror sees changes made after the server was killed and restarted', async () => {
  const { server, link } = await openNats();
  const [one, two] = [await link(), await link()];
  const [writer, reader] = [await natsPoolRegistry(one), await natsPoolRegistry(two)];
  await writer.declare(pool('before'));
  await until(() => reader.find('before'), { what: 'the first pool' });
  server.kill('SIGKILL');
  await until(() => !one.connected() && !two.connected(), { what: 'both to be disconnected' });
  expect(reader.find('before')).toEqual(pool('before'));
  const declaring = writer.declare(pool('after'));
  await server.restart();
  await declaring;
  await until(() => reader.find('after'), { what: 'the second pool' });
  expect(reader.list().map(({ name }) => name)).toEqual(['after', 'before']);
});

test('an unreadable declaration is ignored', async () => {
  const { prefix, link } = await openNats();
  const one = await link();
  const registry = await natsPoolRegistry(one);
  await jetstream(one.connection).publish(`$KV.${prefix}_pools.broken`, '{"name": 7}');
  await registry.declare(pool('good'));
  const other = await natsPoolRegistry(await link());
  expect(other.list()).toEqual([pool('good')]);
  expect(other.find('broken')).toBeUndefined();
});

test('a bucket of more entries than one direct get answers is read whole', async () => {
  const { prefix, link } = await openNats();
  const one = await link();
  await natsPoolRegistry(one);
  const names = Array.from({ length: 1_100 }, (_, index) => `pool-${String(index).padStart(4, '0')}`);
  const publish = (name: string) =>
    jetstream(one.connection).publish(`$KV.${prefix}_pools.${name}`, JSON.stringify(pool(name)));
  await Promise.all(names.map(publish));
  await publish('pool-0000');
  const registry = await natsPoolRegistry(await link());
  expect(registry.list().map(({ name }) => name)).toEqual(names);
});

test('a bucket with the wrong expiry is refused with advice', async () => {
  const { prefix, link } = await openNats();
  const one = await link();
  const name = `KV_${prefix}_leader`;
  const { streams } = await managerOf(one);
  await streams.add({ name, subjects: [`$KV.${prefix}_leader.>`], max_age: 0, max_msgs_per_subject: 1 });
  const failure = natsLeadership(one);
  await expect(failure).rejects.toMatchObject({ code: 'NatsUnsuitable' });
  await expect(failure).rejects.toThrow(`nats stream edit ${name}`);
});

test('many processes can start at once on an empty server', async () => {
  const { link } = await openNats();
  const links = await Promise.all(Array.from({ length: 6 }, () => link()));
  const registries = await Promise.all(links.map((each) => natsPoolRegistry(each)));
  await registries[0]!.declare(pool('front'));
  await until(() => registries.every((registry) => registry.find('front')), { what: 'all to know the pool' });
});

test("the clock follows the server and ignores this machine's wall clock", async () => {
  const { link } = await openNats();
  const one = await link();
  const real = Date.now.bind(Date);
  // This machine is an hour fast from the start.
  const wall = vi.spyOn(Date, 'now').mockImplementation(() => real() + 3_600_000);
  onTestFinished(() => wall.mockRestore());
  const clock = await natsClock(one, { everyMs: 50 });
  expect(Math.abs(clock.now() - real())).toBeLessThan(1_000);
  expect(Math.abs(clock.offset() + 3_600_000)).toBeLessThan(1_000);
  const before = clock.now();
  wall.mockImplementation(() => real() - 86_400_000);
  expect(clock.now() - before).toBeGreaterThanOrEqual(0);
  expect(clock.now() - before).toBeLessThan(1_000);
  await clock.sleep(clock.now() + 30);
});

test('the clock continues while the server is away', async () => {
  const { server, link } = await openNats();
  const one = await link();
  const clock = await natsClock(one, { everyMs: 20 });
  server.kill('SIGKILL');
  await until(() => !one.connected(), { what: 'the loss' });
  const before = clock.now();
  await clock.sleep(before + 50);
  expect(clock.now()).toBeGreaterThanOrEqual(before + 50);
  await server.restart();
  await one.whenConnected(AbortSignal.timeout(10_000));
  expect(Math.abs(clock.offset())).toBeLessThan(1_000);
});
