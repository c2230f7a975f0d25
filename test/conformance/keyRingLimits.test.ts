// The contract of every key ring about limits on running tasks: exact over all workers, per tenant and per group.
import { expect, test } from 'vitest';
import type { Block } from '../../src/job/block.ts';
import type { KeyRing, Place } from '../../src/ports/keyRing.ts';
import { virtualClock } from '../fakes/clock.ts';
import { until } from '../support/until.ts';
import { key, rings } from './keyRings.ts';
import { onEachAdapter } from './ports.ts';

const noon = Date.UTC(2026, 10, 29, 12);
const keys = [key('key-a')];

const ask = (ring: KeyRing, task: string, tenant = 'acme', group: string | null = null): Promise<Place | Block> =>
  ring.takePlace('front', { task, flow: { tenant, group } });

async function take(ring: KeyRing, task: string, tenant = 'acme', group: string | null = null): Promise<Place> {
  const answer = await ask(ring, task, tenant, group);
  return 'release' in answer ? answer : expect.fail(`blocked: ${answer.message}`);
}

const roomSeen = (ring: KeyRing, room: number, tenant = 'acme', group: string | null = null): Promise<unknown> =>
  until(() => ring.room('front', { tenant, group }) === room, { what: `room for ${room} tasks of ${tenant}` });

onEachAdapter((open) => {
  test('no more tasks of a tenant run than its limit, however many workers ask at once', async () => {
    const all = await rings(open(), virtualClock(noon), keys, { count: 3, limits: { tenant: 5 } });
    const asked = Array.from({ length: 30 }, (_, at) => ask(all[at % 3]!, `job/${at}`));
    const answers = await Promise.all(asked);
    const places = answers.filter((answer) => 'release' in answer);
    expect(places).toHaveLength(5);
    expect(answers.find((answer) => 'reason' in answer)).toMatchObject({
      reason: 'TenantLimit',
      code: 'QueueTimeout',
      message: 'Tenant acme runs 5 tasks in pool front, and its limit is 5',
      confirmed: true,
      permanent: false,
    });
    await places[0]!.release();
    for (const ring of all) await roomSeen(ring, 1);
    await take(all[2]!, 'job/40');
    expect(await ask(all[0]!, 'job/41')).toMatchObject({ reason: 'TenantLimit' });
  });

  test('other tenants have their own places, and some their own limit', async () => {
    const limits = { tenant: 1, tenants: { large: 3 } };
    const [one, two] = await rings(open(), virtualClock(noon), keys, { limits });
    await take(one!, 'a/0', 'acme');
    await take(two!, 'b/0', 'other');
    for (const task of ['c/0', 'c/1', 'c/2']) await take(one!, task, 'large');
    expect(await ask(two!, 'c/3', 'large')).toMatchObject({ reason: 'TenantLimit' });
    expect(await ask(two!, 'a/1', 'acme')).toMatchObject({ reason: 'TenantLimit' });
  });

  test('the limit of a group counts within its tenant, and leaves room for the tenant', async () => {
    const [one, two] = await rings(open(), virtualClock(noon), keys, { limits: { tenant: 4, group: 2 } });
    await take(one!, 'a/0', 'acme', 'p42');
    await take(two!, 'a/1', 'acme', 'p42');
    expect(await ask(one!, 'a/2', 'acme', 'p42')).toMatchObject({
      message: 'Group p42 of tenant acme runs 2 tasks in pool front, and its limit is 2',
    });
    await take(one!, 'x/0', 'other', 'p42');
    await take(two!, 'b/0', 'acme', 'p43');
    await take(one!, 'c/0', 'acme');
    expect(await ask(one!, 'c/1', 'acme')).toMatchObject({ reason: 'TenantLimit' });
    await roomSeen(two!, 1, 'other', 'p42');
  });

  test('a task takes one place, also while the worker that was lost still has it', async () => {
    const [lost, next] = await rings(open(), virtualClock(noon), keys, { limits: { tenant: 1 } });
    const before = await take(lost!, 'job/0');
    await roomSeen(next!, 0);
    const after = await take(next!, 'job/0');
    await before.release();
    expect(await ask(lost!, 'job/1')).toMatchObject({ reason: 'TenantLimit' });
    await after.release();
    await roomSeen(lost!, 1);
  });

  test('once its next worker has claimed a task, the place of the lost one no longer counts', async () => {
    const [lost, next] = await rings(open(), virtualClock(noon), keys, { limits: { tenant: 1 } });
    await take(lost!, 'job/0');
    const place = await take(next!, 'job/0');
    place.claimed();
    await place.release();
    await roomSeen(lost!, 1);
    await take(lost!, 'job/1');
  });

  test('explains the block to every process, and only of the tenant', async () => {
    const installation = open();
    const clock = virtualClock(noon);
    const limits = { tenant: 1 };
    const [worker] = await rings(installation, clock, keys, { count: 1, limits });
    const api = await (await installation.process()).keys(clock, {}, { limits: () => limits });
    await take(worker!, 'job/0');
    const block = await until(() => api.block('front', 'painter', 'acme'), { what: 'the block' });
    expect(block).toMatchObject({ reason: 'TenantLimit', until: null });
    expect(api.block('front', 'painter', 'other')).toBeUndefined();
    // A task that has its place may still reserve a call.
    expect(await worker!.reserve('front', { model: 'painter', tenant: 'acme', task: 'job/0' })).toHaveProperty(
      'secret',
    );
  });

  test('without limits there is always room, and a second release changes nothing', async () => {
    const [free] = await rings(open(), virtualClock(noon), keys, { count: 1 });
    for (let at = 0; at < 20; at += 1) await take(free!, `job/${at}`);
    expect(free!.room('front', { tenant: 'acme', group: 'p42' })).toBe(Infinity);
    const [one] = await rings(open(), virtualClock(noon), keys, { count: 1, limits: { tenant: 1 } });
    const place = await take(one!, 'job/0');
    await place.release();
    await place.release();
    expect(one!.room('front', { tenant: 'acme', group: null })).toBe(1);
  });
});
