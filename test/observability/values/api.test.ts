// What the API process counted, compared with what its clients sent and what the receiver of webhooks answered.

import { beforeAll, expect, test } from 'vitest';
import type { PrometheusQueries } from '../../support/prometheusQueries.ts';
import { compareCounter, compareValue } from './compare.ts';
import { countOf, observe, type Observed } from './observed.ts';

let prometheus: PrometheusQueries;
let observed: Observed;
beforeAll(async () => void ({ prometheus, observed } = await observe()), 240_000);

/** A pool that does not exist adds no series. */
const poolOf = (pool: string): string => (observed.pools.some(({ name }) => name === pool) ? pool : 'other');

test('submits by outcome, and why they were refused', async () => {
  const { submits } = observed.facts;
  const codes = submits.flatMap(({ code }) => code ?? []);
  for (const code of ['InvalidRequest', 'PoolNotFound', 'ModelNotInPool', 'StorageFull']) expect(codes).toContain(code);
  await compareCounter(prometheus, {
    metric: 'genwarden_submits_total',
    by: ['pool', 'outcome'],
    expected: countOf(submits.map(({ pool, outcome }) => `${poolOf(pool)} ${outcome}`)),
  });
  await compareCounter(prometheus, {
    metric: 'genwarden_submits_refused_total',
    by: ['pool', 'code'],
    expected: countOf(submits.flatMap(({ pool, code }) => (code === undefined ? [] : [`${poolOf(pool)} ${code}`]))),
  });
});

test('requests by route and status', async () => {
  const { submits } = observed.facts;
  const refused: Record<string, string> = { StorageFull: '507' };
  const statusOf = ({ outcome, code = '' }: (typeof submits)[number]): string =>
    outcome === 'stored' ? '202' : outcome === 'replayed' ? '200' : (refused[code] ?? '422');
  await compareCounter(prometheus, {
    metric: 'genwarden_http_request_duration_seconds_count{method="POST",route="/v1/jobs"}',
    by: ['code'],
    expected: countOf(submits.map(statusOf)),
  });
});

test('webhooks by what the receiver answered', async () => {
  const outcomes: Readonly<Record<number, string>> = { 204: 'delivered', 503: 'retried', 410: 'dead' };
  const expected = countOf(observed.facts.webhookAnswers.map((status) => outcomes[status]!));
  expect(Object.keys(expected).toSorted()).toEqual(['dead', 'delivered', 'retried']);
  await compareCounter(prometheus, { metric: 'genwarden_webhook_deliveries_total', by: ['outcome'], expected });
  const delivered = { '': expected['delivered']! };
  const delays = 'genwarden_webhook_delivery_delay_seconds_count';
  await compareCounter(prometheus, { metric: delays, by: [], expected: delivered });
  await compareValue(prometheus, { metric: 'genwarden_webhook_pending', by: [], expected: {} });
});
