// Metrics: every name is exported, parts in one process do not collide, and the docs list them.

import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import {
  createApiMetrics,
  createControllerMetrics,
  createOperatorMetrics,
  createProcessMetrics,
  createWorkerMetrics,
  metricList,
  metricNames,
  observe,
} from '../../../src/telemetry/metrics.ts';
import { modelLabel } from '../../../src/telemetry/labels.ts';
import { showTraffic } from '../../../src/telemetry/traffic.ts';

const registry = new Registry();
afterEach(() => registry.clear());

test('the exposition names every metric with its type', async () => {
  createControllerMetrics(registry);
  createWorkerMetrics(registry);
  createApiMetrics(registry);
  createOperatorMetrics(registry);
  createProcessMetrics(registry, { version: '1.2.3', process: 'dev' });
  const text = await registry.metrics();
  for (const { name, type } of metricList) expect(text).toContain(`# TYPE ${name} ${type}\n`);
  expect(text).toContain(`genwarden_build_info{version="1.2.3",process="dev",node="${process.version}"} 1`);
  expect(text).toContain('# TYPE process_cpu_seconds_total counter');
});

test('labels and buckets are those of the documentation', async () => {
  const of = { pool: 'default', provider: 'gemini', model: 'm', outcome: 'succeeded' };
  observe(createWorkerMetrics(registry).attemptDuration, of, 7.8);
  const text = await registry.metrics();
  const labels = 'pool="default",provider="gemini",model="m",outcome="succeeded"';
  expect(text).toContain(`genwarden_attempt_duration_seconds_bucket{le="5",${labels}} 0`);
  expect(text).toContain(`genwarden_attempt_duration_seconds_bucket{le="10",${labels}} 1`);
  expect(text).toContain(`genwarden_attempt_duration_seconds_bucket{le="3600",${labels}} 1`);
});

test('two parts on one registry share metrics of the same name; two registries share nothing', async () => {
  const api = createApiMetrics(registry);
  expect(createControllerMetrics(registry).overdueTasks).toBe(api.overdueTasks);
  const other = new Registry();
  createApiMetrics(other).overdueTasks.set({ pool: 'default' }, 3);
  expect(await registry.metrics()).not.toContain('genwarden_overdue_tasks{');
});

test('what moves between the artifact store and NATS is read at each scrape', async () => {
  let bytes = 0;
  showTraffic(registry, () => ({ read: { bytes, waiting: 3 }, write: { bytes: 0, waiting: 0 } }));
  bytes = 131_072;
  const text = await registry.metrics();
  expect(text).toContain('genwarden_artifact_bytes_under_way{direction="read"} 131072');
  expect(text).toContain('genwarden_artifact_transfers_waiting{direction="read"} 3');
  expect(text).toContain('genwarden_artifact_transfers_waiting{direction="write"} 0');
});

test('a model that the pool does not list is not a label', () => {
  expect(modelLabel('known', ['known'])).toBe('known');
  expect(modelLabel('whatever a client writes', ['known'])).toBe('other');
});

test('no metric carries an id, and docs/metrics.md lists each with its type and labels', () => {
  const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  for (const { name, type, labels } of metricList) {
    expect(labels).not.toContain('job');
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    expect(row, `${name} in docs/metrics.md`).toBeDefined();
    const [, , shownType, shownLabels] = row!.split('|').map((cell) => cell.trim());
    expect([name, shownType]).toEqual([name, type]);
    expect(shownLabels!.split(', ').filter((label) => label !== '')).toEqual(labels.map((label) => `\`${label}\``));
  }
  const documented = page.match(/^\| `(genwarden|leader|controller|workqueue|rest)_[a-z_]+`/gm) ?? [];
  expect(documented.length).toBe(metricNames.length);
});
