// The leader's metrics about pools: outages, spending, waiting tasks and storage; and that none of them outlives the term.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { submitted } from '../../../src/job/transitions.ts';
import type { Outage, Spending } from '../../../src/ports/keyRing.ts';
import { FakePrometheus } from '../../fakes/prometheus.ts';
import { start } from '../../fakes/tasks.ts';
import { metric, Stage, taskOf } from './stage.ts';

const model = 'gemini-3.1-flash-image';
const labels = { pool: 'default', model };

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.declarePool('default', [model, 'another']);
});
afterEach(() => stage.close());

const outageSince = (since: number, of = model): Outage => ({
  model: of,
  state: 'open',
  since,
  until: since + 10_000,
  provider: null,
  message: '',
  failures: 3,
});

const spent = (over: Partial<Spending>): Spending => ({
  tenant: null,
  day: 0,
  month: 0,
  limits: {},
  dayEndsAt: start,
  monthEndsAt: start,
  ...over,
});

test('an outage shows its start and is counted once, also by the next leader', async () => {
  const prometheus = new FakePrometheus();
  const outages = vi.spyOn(stage.keys, 'outages').mockReturnValue([]);
  const one = await stage.startController('one');
  const two = await stage.startController('two', false);
  await prometheus.scrape('one', one);
  await stage.clock.advance(10_000);
  outages.mockReturnValue([outageSince(start + 9_000)]);
  // A scrape that comes before the next survey knows of it, too.
  await prometheus.scrape('one', one);
  expect(await metric(one.registry, 'genwarden_provider_outage', labels)).toBe(1);
  expect(await metric(one.registry, 'genwarden_provider_outage', { ...labels, model: 'another' })).toBe(0);
  const started = 'genwarden_provider_outage_start_timestamp_seconds';
  expect(await metric(one.registry, started, labels)).toBe(start / 1_000 + 9);
  await stage.clock.advance(10_000);
  await one.lead(false);
  await two.lead(true);
  await stage.clock.advance(10_000);
  outages.mockReturnValue([]);
  await stage.clock.advance(10_000);
  expect(await metric(two.registry, started, labels)).toBe(0);
  outages.mockReturnValue([outageSince(start + 35_000)]);
  for (let times = 0; times < 3; times += 1) await prometheus.scrape('two', two);
  expect(prometheus.increase('genwarden_provider_outages_total')).toBe(2);
});

test('an outage that begins between two leaders is counted by the second one', async () => {
  const prometheus = new FakePrometheus();
  const outages = vi.spyOn(stage.keys, 'outages').mockReturnValue([]);
  const one = await stage.startController('one');
  const two = await stage.startController('two', false);
  await prometheus.scrape('one', one);
  await one.lead(false);
  await stage.clock.advance(2_000);
  outages.mockReturnValue([outageSince(start + 1_000)]);
  await two.lead(true);
  for (let times = 0; times < 2; times += 1) await prometheus.scrape('two', two);
  expect(prometheus.increase('genwarden_provider_outages_total')).toBe(1);
});

test('a pool with prices shows what it spent, and its budgets', async () => {
  const spending = vi.spyOn(stage.keys, 'spending');
  const ofTenant = spent({ tenant: 'acme', day: 100, month: 100 });
  spending.mockReturnValue([spent({ day: 1.5, month: 20, limits: { day: 10 } }), ofTenant]);
  const { registry, lead } = await stage.startController();
  const value = (name: string, period: string) =>
    metric(registry, `genwarden_pool_${name}`, { pool: 'default', period });
  expect([await value('spending', 'day'), await value('spending', 'month')]).toEqual([1.5, 20]);
  expect([await value('budget', 'day'), await value('budget', 'month')]).toEqual([10, undefined]);
  spending.mockReturnValue([spent({ day: 2, month: 21 })]);
  await stage.clock.advance(5_000);
  expect([await value('spending', 'day'), await value('budget', 'day')]).toEqual([2, undefined]);
  await lead(false);
  expect(await value('spending', 'day')).toBeUndefined();
});

test('a pool without prices shows none', async () => {
  const { registry } = await stage.startController();
  expect(await metric(registry, 'genwarden_pool_spending', { pool: 'default' })).toBeUndefined();
});

test('every reason to wait is shown, with the tasks that wait for it', async () => {
  stage.log.append(submitted(taskOf()));
  const { registry, lead } = await stage.startController();
  const waiting = (cause: string) => metric(registry, 'genwarden_tasks_waiting', { pool: 'default', cause });
  expect([await waiting('NoWorkers'), await waiting('PoolPaused'), await waiting('Review')]).toEqual([1, 0, 0]);
  await stage.queue.pause('default');
  await stage.clock.advance(10_000);
  expect([await waiting('NoWorkers'), await waiting('PoolPaused')]).toEqual([0, 1]);
  await lead(false);
  expect(await waiting('PoolPaused')).toBeUndefined();
});

test('pools of the registry without tasks or workers are shown as 0', async () => {
  const { registry } = await stage.startController();
  await stage.clock.advance(5_000);
  const pool = { pool: 'default' };
  expect(await metric(registry, 'genwarden_tasks', { ...pool, state: 'queued' })).toBe(0);
  expect(await metric(registry, 'genwarden_workers', pool)).toBe(0);
  expect(await metric(registry, 'genwarden_overdue_tasks', pool)).toBe(0);
  expect(await metric(registry, 'genwarden_oldest_open_task_timestamp_seconds', { ...pool, state: 'queued' })).toBe(0);
});

test('the storage of the stream is shown with its limit, by the leader only', async () => {
  const { registry, lead } = await stage.startController('one', false);
  const limit = () => metric(registry, 'genwarden_jetstream_storage_limit_bytes', {});
  expect(await limit()).toBeUndefined();
  await lead(true);
  expect(await limit()).toBe(0);
  const health = await stage.log.health();
  vi.spyOn(stage.log, 'health').mockResolvedValue({ ...health, maxBytes: 1_000 });
  await stage.clock.advance(15_000);
  expect(await limit()).toBe(1_000);
  await lead(false);
  expect(await limit()).toBeUndefined();
});
