// An installation in which nothing has happened yet: every metric that it can have is there, and each rule can be evaluated.

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { operatorDefinitions } from '../../../src/telemetry/definitions/operator.ts';
import { metricList } from '../../../src/telemetry/metrics.ts';
import { startPrometheus } from '../../support/prometheus.ts';
import { Site } from '../../support/site/site.ts';
import { until } from '../../support/until.ts';

const rules = fileURLToPath(new URL('../../../prometheus/genwarden.rules.yaml', import.meta.url));

/** Those that a process knows only with this. */
const conditional: Readonly<Record<string, string>> = {
  genwarden_auth_source_up: 'a tokens file or OpenID Connect',
  genwarden_http_request_duration_seconds: 'a request',
  genwarden_fallbacks_total: 'a fallback',
  // Only workers know the prices and budgets of their pool, until they store them with the first call.
  genwarden_pool_spending: 'a call',
  genwarden_pool_budget: 'a call',
  genwarden_artifacts_swept_total: 'S3',
  genwarden_artifact_sweep_timestamp_seconds: 'S3',
};

test('no series is missing, no scrape fails and no alert fires', async () => {
  const price = { input: 0.3, output: 30 };
  const models = { image: ['gemini-3.1-flash-image'], text: [] };
  const pool = { name: 'default', models, keys: [{ key: 'AIza-one' }], prices: { 'gemini-3.1-flash-image': price } };
  await using site = await Site.start({ pools: [{ ...pool, budgets: { day: 5, month: 50 } }] });
  await using prometheus = await startPrometheus({ targets: site.targets(), ruleFiles: [rules] });
  await prometheus.scraped();

  const ofOperator = new Set<string>(Object.values(operatorDefinitions).map(({ name }) => name));
  const expected = metricList
    .filter(({ name }) => !ofOperator.has(name) || name.startsWith('leader_election'))
    .filter(({ name }) => conditional[name] === undefined)
    .map(({ name, type }) => (type === 'histogram' ? `${name}_count` : name));
  const missing = async (): Promise<string[]> => {
    const names = new Set(await prometheus.labelValues('__name__'));
    return [...new Set(expected)].filter((name) => !names.has(name));
  };
  // The controller surveys every few seconds.
  await until(async () => (await missing()).length === 0, { what: 'all metrics', timeoutMs: 20_000 }).catch(
    () => undefined,
  );
  expect(await missing()).toEqual([]);

  const evaluated = async (): Promise<boolean> =>
    (await prometheus.rules()).every((group) => group.rules.every(({ health }) => health !== 'unknown'));
  await until(evaluated, { what: 'all rules', timeoutMs: 60_000 });
  const failing = (await prometheus.rules()).flatMap((group) => group.rules).filter(({ health }) => health === 'err');
  expect(failing.map(({ name, lastError }) => `${name}: ${lastError}`)).toEqual([]);
  expect((await prometheus.targets()).filter(({ health }) => health !== 'up')).toEqual([]);
  const firing = (await prometheus.alerts()).filter(({ state }) => state === 'firing');
  expect(firing.map(({ labels }) => labels['alertname'])).toEqual([]);
}, 180_000);
