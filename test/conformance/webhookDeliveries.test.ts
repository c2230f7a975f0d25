// The contract of every store of webhook deliveries: one delivery per id, and conditional writes that all processes see.
import { expect, test } from 'vitest';
import { dead, delivered, newDelivery, resent, type WebhookDelivery } from '../../src/job/webhooks/delivery.ts';
import type { WebhookDeliveries } from '../../src/ports/webhookDeliveries.ts';
import { until } from '../support/until.ts';
import { ensureWebhookStream, natsWebhookDeliveries } from '../../src/adapters/nats/index.ts';
import { startNatsServer } from '../support/natsServer.ts';
import { onEachAdapter, testLink } from './ports.ts';

const now = Date.UTC(2026, 0, 1);
const job = (letter: string): string => letter.repeat(26);

function delivery(id = `${job('a')}-finished-1`, tenant = 'default', more: Partial<WebhookDelivery> = {}) {
  const event = { id, tenant, job: id.slice(0, 26), event: 'job.finished', pool: 'default', task: null } as const;
  const facts = {
    url: 'https://app.example/hook',
    at: now,
    order: 7,
    expiresAt: now + 3_600_000,
    data: { state: 'succeeded', text: 'Grün' },
  };
  return { ...newDelivery({ ...event, ...facts }, now), ...more };
}

const gone = { reason: 'Gone', message: 'The receiver answered 410 Gone', status: 410, at: now } as const;

onEachAdapter((open) => {
  const stores = async (): Promise<[WebhookDeliveries, WebhookDeliveries]> => {
    const installation = open();
    const [one, two] = [await installation.process(), await installation.process()];
    return [await one.webhooks(), await two.webhooks()];
  };

  test('a delivery is created once, whatever became of it', async () => {
    const [one, two] = await stores();
    const first = await one.write(delivery(), 0);
    expect(first).toBeGreaterThan(0);
    expect(await two.write(delivery(), 0)).toBeUndefined();
    expect(await two.find('default', delivery().id)).toEqual({ delivery: delivery(), sequence: first });
    const second = await two.write(delivered(delivery()), first!);
    expect(second).toBeGreaterThan(first!);
    expect(await one.write(delivery(), 0)).toBeUndefined();
    expect((await one.find('default', delivery().id))!.delivery).toMatchObject({ state: 'delivered', data: {} });
  });

  test('of two writers that saw the same record one succeeds', async () => {
    const [one, two] = await stores();
    const first = (await one.write(delivery(), 0))!;
    const results = await Promise.all([
      one.write({ ...delivery(), attempts: 1 }, first),
      two.write({ ...delivery(), attempts: 2 }, first),
    ]);
    expect(results.filter((sequence) => sequence !== undefined)).toHaveLength(1);
  });

  test('pending deliveries are read in order, from any position, as other processes write them', async () => {
    const [one, two] = await stores();
    const ids = ['a', 'b', 'c'].map((letter) => `${job(letter)}-0-1-succeeded`);
    for (const id of ids) await one.write(delivery(id), 0);
    const read = async (after: number, limit = 10): Promise<string[]> =>
      (await two.pending(after, limit)).map(({ delivery: { id } }) => id);
    await until(async () => (await read(0)).length === 3, { what: 'all pending deliveries' });
    expect(await read(0)).toEqual(ids);
    expect(await read(0, 2)).toEqual(ids.slice(0, 2));
    const [first, second] = await two.pending(0, 10);
    expect(await read(first!.sequence)).toEqual(ids.slice(1));
    await one.write(delivered(first!.delivery), first!.sequence);
    const later = { ...second!.delivery, attempts: 1, nextAt: now + 5_000 };
    await one.write(later, second!.sequence);
    await until(async () => (await read(0)).join() === [ids[2], ids[1]].join(), { what: 'the changes' });
    expect((await two.pending(0, 10))[1]!.delivery).toEqual(later);
  });

  test('dead deliveries are listed by tenant and page, until they are sent again', async () => {
    const [one, two] = await stores();
    const tenants = ['default', 'team.a', 'default', 'default'];
    const ids = ['a', 'b', 'c', 'd'].map((letter) => `${job(letter)}-finished-1`);
    for (const [at, id] of ids.entries()) {
      const each = delivery(id, tenants[at]);
      await one.write(dead(each, gone), (await one.write(each, 0))!);
    }
    const listed = async (tenant: string, after = 0, limit = 10) => {
      const { items, next } = await two.dead(tenant, after, limit);
      return { ids: items.map(({ delivery: { id } }) => id), next };
    };
    await until(async () => (await listed('*')).ids.length === 4, { what: 'all dead deliveries' });
    expect(await listed('*')).toEqual({ ids, next: null });
    expect(await listed('team.a')).toEqual({ ids: [ids[1]], next: null });
    expect(await listed('team_a')).toEqual({ ids: [], next: null });
    const page = await listed('default', 0, 2);
    expect(page).toEqual({ ids: [ids[0], ids[2]], next: expect.any(Number) as number });
    expect(await listed('default', page.next!, 2)).toEqual({ ids: [ids[3]], next: null });
    expect(await one.countDead()).toBe(4);
    const { delivery: found, sequence } = (await one.find('default', ids[0]!))!;
    expect(found.lastError).toEqual(gone);
    await one.write(resent(found, now + 1), sequence);
    await until(async () => (await listed('default')).ids.length === 2, { what: 'the delivery to leave the list' });
    expect((await two.pending(0, 10)).map(({ delivery: { id } }) => id)).toEqual([ids[0]]);
    expect(await one.countDead()).toBe(3);
  });

  test('the open deliveries of a job are found', async () => {
    const [one, two] = await stores();
    const ids = [`${job('a')}-0-1-succeeded`, `${job('a')}-1-1-succeeded`, `${job('a')}-finished-2`];
    const [first, second] = [(await one.write(delivery(ids[0]), 0))!, (await one.write(delivery(ids[1]), 0))!];
    await one.write(delivery(ids[2]), 0);
    await one.write(delivery(`${job('b')}-finished-1`), 0);
    await one.write(delivered(delivery(ids[0])), first);
    await one.write(dead(delivery(ids[1]), gone), second);
    await until(async () => (await two.ofJob('default', job('a'))).length === 2, { what: 'the deliveries of the job' });
    const states = (await two.ofJob('default', job('a'))).map(({ delivery: { id, state } }) => `${id} ${state}`);
    expect(states.toSorted()).toEqual([`${ids[1]} dead`, `${ids[2]} pending`]);
    expect(await two.ofJob('other', job('a'))).toEqual([]);
  });

  test('ids of other forms, which could match several records, find nothing', async () => {
    const [one] = await stores();
    await one.write(delivery(), 0);
    for (const id of ['', '*', `${job('a')}-*`, `${job('a')}.finished-1`, `${job('a')}-finished-1.x`])
      expect(await one.find('default', id)).toBeUndefined();
  });

  test('the position in the log is kept', async () => {
    const [one, two] = await stores();
    expect(await one.position()).toBeUndefined();
    await one.savePosition({ epoch: 'e', sequence: 5 });
    await one.savePosition({ epoch: 'e', sequence: 9 });
    expect(await two.position()).toEqual({ epoch: 'e', sequence: 9 });
  });
});

test('on NATS, a raised retention does not keep a process from starting', async () => {
  await using server = await startNatsServer();
  const link = await testLink(server.url, 'raised');
  await ensureWebhookStream(link, 1_000);
  await ensureWebhookStream(link, 3_600_000);
  expect(await natsWebhookDeliveries(link).write(delivery(), 0)).toBeGreaterThan(0);
});
