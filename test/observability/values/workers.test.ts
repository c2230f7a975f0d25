// What workers counted, compared with the stand-in's requests, the histories and the spending that the API shows.

import { isDeepStrictEqual } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import type { GenwardenClient } from '../../../src/client/index.ts';
import type { PrometheusQueries } from '../../support/prometheusQueries.ts';
import { until } from '../../support/until.ts';
import { compareCounter, compareValue } from './compare.ts';
import { countOf, observe, sumOf, type Observed } from './observed.ts';

let prometheus: PrometheusQueries;
let client: GenwardenClient;
let observed: Observed;
beforeAll(async () => void ({ prometheus, client, observed } = await observe()), 240_000);

/** How the worker counts the end of an attempt; undefined if the worker was killed. */
function outcomeOf({ state, reason }: { state: string; reason: string }): string | undefined {
  if (reason === 'WorkerLost') return undefined;
  if (state === 'cancelled') return 'recalled';
  return state === 'queued' ? 'requeued' : state;
}

test('attempts by outcome', async () => {
  const outcomes = observed.changes
    .filter(({ before }) => before.state === 'running')
    .flatMap(({ after }) => outcomeOf(after) ?? []);
  const expected = countOf(outcomes);
  const by = ['outcome'];
  await compareCounter(prometheus, { metric: 'genwarden_attempts_total', by, expected });
  await compareCounter(prometheus, { metric: 'genwarden_attempt_duration_seconds_count', by, expected });
});

test('requests to the provider by model and status', async () => {
  const { requests } = observed.facts;
  const failed = requests.filter(({ status }) => status >= 400);
  expect(new Set(failed.map(({ status }) => status))).toEqual(new Set([400, 429, 503]));
  await compareCounter(prometheus, {
    metric: 'genwarden_provider_requests_total{code=~"[45].."}',
    by: ['model', 'code'],
    expected: countOf(failed.map(({ model, status }) => `${model} ${status}`)),
  });
  // An answer with status 200 that cannot be used is counted by its error.
  await compareCounter(prometheus, {
    metric: 'genwarden_provider_requests_total{code!~"[45]..|AttemptTimeout"}',
    by: ['model'],
    expected: countOf(requests.filter(({ status }) => status < 400).map(({ model }) => model)),
  });
});

test('tokens, paid calls and cost', async () => {
  const spent = observed.jobs.flatMap(({ pool, usage }) => (usage === null ? [] : [{ pool, ...usage }]));
  const tokens = sumOf(
    spent.flatMap(({ inputTokens, outputTokens }) => [
      ['input', inputTokens] as const,
      ['output', outputTokens] as const,
    ]),
  );
  await compareCounter(prometheus, { metric: 'genwarden_tokens_total', by: ['direction'], expected: tokens });
  const calls = { '': spent.reduce((sum, { paidCalls }) => sum + paidCalls, 0) };
  const reported = 'genwarden_paid_calls_total{outcome!="recalled"}';
  await compareCounter(prometheus, { metric: reported, by: [], expected: calls });
  // The job does not show the call of an attempt that was cancelled, but the provider may bill it.
  const cancelled = observed.changes.filter(
    ({ before, after }) => before.state === 'running' && after.state === 'cancelled',
  );
  const recalled = { '': cancelled.length };
  await compareCounter(prometheus, {
    metric: 'genwarden_paid_calls_total{outcome="recalled"}',
    by: [],
    expected: recalled,
  });
  const ofPool = observed.pools.flatMap(({ name, spending }) =>
    spending.filter(({ tenant }) => tenant === null).map(({ day }) => [name, day] as const),
  );
  expect(ofPool.length).toBeGreaterThan(0);
  await compareCounter(prometheus, { metric: 'genwarden_cost_total', by: ['pool'], expected: sumOf(ofPool) });
});

test('fallbacks and checks', async () => {
  await compareCounter(prometheus, {
    metric: 'genwarden_fallbacks_total',
    by: ['pool', 'to_pool', 'cause'],
    expected: { 'photos default outage': 1 },
  });
  const expected = { 'default flagged': 1 };
  await compareCounter(prometheus, { metric: 'genwarden_result_checks_total', by: ['pool', 'outcome'], expected });
});

test('slots and workers', async () => {
  // Heartbeats show what has ended a moment later.
  const running = sumOf(observed.pools.map(({ name, running: count }) => [name, count] as const));
  const live = await until(
    async () => {
      const workers = (await client.workers()).filter(({ state }) => state === 'live');
      const busy = sumOf(workers.map(({ pool, slots }) => [pool, slots.busy] as const));
      return isDeepStrictEqual(busy, running) && workers;
    },
    { what: 'heartbeats of idle workers', timeoutMs: 30_000 },
  );
  const slots = sumOf(
    live.flatMap(({ pool, slots: { total, busy } }) => [
      [`${pool} busy`, busy] as const,
      [`${pool} free`, total - busy] as const,
    ]),
  );
  await compareValue(prometheus, { metric: 'genwarden_slots', by: ['pool', 'state'], expected: slots });
  const workers = countOf(live.map(({ pool }) => pool));
  await compareValue(prometheus, { metric: 'genwarden_workers', by: ['pool'], expected: workers });
});
