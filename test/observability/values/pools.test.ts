// What the leading controller shows of pools, keys, outages and money, compared with the API; and that Prometheus saw each change.

import { beforeAll, expect, test } from 'vitest';
import type { PrometheusQueries } from '../../support/prometheusQueries.ts';
import { models } from '../situation/pools.ts';
import { compareCounter, compareValue } from './compare.ts';
import { countOf, observe, sumOf, type Observed } from './observed.ts';

let prometheus: PrometheusQueries;
let observed: Observed;
beforeAll(async () => void ({ prometheus, observed } = await observe()), 240_000);

test('keys by state, and paused pools', async () => {
  const keys = countOf(observed.pools.flatMap(({ name, keys: all }) => all.map(({ state }) => `${name} ${state}`)));
  await compareValue(prometheus, { metric: 'genwarden_keys', by: ['pool', 'state'], expected: keys });
  const expected = countOf(observed.pools.filter(({ paused }) => paused).map(({ name }) => name));
  await compareValue(prometheus, { metric: 'genwarden_pool_paused', by: ['pool'], expected });
});

test('an outage begins and ends', async () => {
  const by = ['pool', 'model'];
  const expected = { [`photos ${models.out}`]: 1 };
  await compareCounter(prometheus, { metric: 'genwarden_provider_outages_total', by, expected });
  await compareValue(prometheus, { metric: 'genwarden_provider_outage', by, expected: {} });
  const seen = 'max by (pool, model) (max_over_time(genwarden_provider_outage[1h])) > 0';
  await compareValue(prometheus, { metric: seen, by, expected });
  const starts = 'genwarden_provider_outage_start_timestamp_seconds';
  await compareValue(prometheus, { metric: starts, by, expected: {} });
  const [began] = await prometheus.query(`max(max_over_time(${starts}[1h]))`);
  expect(began!.value).toBeGreaterThan(observed.facts.startedAt);
});

test('spending and budgets', async () => {
  const by = ['pool', 'period'];
  const ofPool = observed.pools.flatMap(({ name, spending }) =>
    spending.filter(({ tenant }) => tenant === null).map((spent) => ({ name, ...spent })),
  );
  const spent = sumOf(
    ofPool.flatMap(({ name, day, month }) => [[`${name} day`, day] as const, [`${name} month`, month] as const]),
  );
  await compareValue(prometheus, { metric: 'genwarden_pool_spending', by, expected: spent });
  const expected = sumOf(
    ofPool.flatMap(({ name, limits }) =>
      Object.entries(limits).map(([period, limit]) => [`${name} ${period}`, limit] as const),
    ),
  );
  await compareValue(prometheus, { metric: 'genwarden_pool_budget', by, expected });
});

test('one controller and one operator lead, and every process is connected', async () => {
  const expected = { controller: 1, operator: 1 };
  await compareValue(prometheus, { metric: 'leader_election_master_status', by: ['name'], expected });
  const processes = (await prometheus.targets()).length;
  await compareValue(prometheus, { metric: 'genwarden_nats_connected', by: [], expected: { '': processes } });
});

test('the storage was full, and is not any more', async () => {
  await compareValue(prometheus, { metric: 'genwarden_storage_full', by: ['place'], expected: {} });
  const [full] = await prometheus.query('max(max_over_time(genwarden_storage_full[1h]))');
  expect(full?.value).toBe(1);
  const [bytes] = await prometheus.query('genwarden_jetstream_storage_bytes');
  expect(bytes!.value).toBeGreaterThan(10_000);
});
