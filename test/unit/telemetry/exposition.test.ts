// The page of metrics in both formats: names of counters, exemplars, the choice of the format, and values of one instant.

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { expose } from '../../../src/telemetry/exposition.ts';
import {
  createApiMetrics,
  createControllerMetrics,
  createOperatorMetrics,
  createProcessMetrics,
  createWorkerMetrics,
  metricList,
  observe,
} from '../../../src/telemetry/metrics.ts';

const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const text = 'text/plain; version=0.0.4; charset=utf-8';
/** What Prometheus 3 sends without and with native histograms. */
const fromPrometheus =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';
const withProtobuf = `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,${fromPrometheus}`;
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

function filled(): Registry {
  const registry = new Registry();
  const { attempts, attemptDuration } = createWorkerMetrics(registry);
  const of = { pool: 'default', provider: 'gemini', model: 'm', outcome: 'succeeded' };
  attempts.inc(of, 3);
  observe(attemptDuration, of, 7.8, traceId);
  observe(attemptDuration, of, 200);
  return registry;
}

const lines = async (registry: Registry, accept: string): Promise<string[]> =>
  (await expose(registry, accept)).body.split('\n');

const labels = 'pool="default",provider="gemini",model="m",outcome="succeeded"';

test('text has the full names of counters and no exemplars, also after a page of OpenMetrics', async () => {
  const registry = filled();
  await expose(registry, openMetrics);
  const page = await lines(registry, 'text/plain');
  expect(page).toContain('# TYPE genwarden_attempts_total counter');
  expect(page).toContain(`genwarden_attempts_total{${labels}} 3`);
  expect(page).toContain(`genwarden_attempt_duration_seconds_bucket{le="10",${labels}} 1`);
  expect(page.filter((line) => line.includes(traceId) || line === '# EOF')).toEqual([]);
});

test('OpenMetrics names the family of a counter without its suffix, shows exemplars and ends with EOF', async () => {
  const page = await lines(filled(), openMetrics);
  expect(page).toContain('# TYPE genwarden_attempts counter');
  expect(page).toContain(`genwarden_attempts_total{${labels}} 3`);
  const bucket = page.filter((line) => line.includes(traceId));
  expect(bucket).toHaveLength(1);
  const start = `genwarden_attempt_duration_seconds_bucket{le="10",${labels}} 1 # {trace_id="${traceId}"} 7.8 `;
  expect(bucket[0]!.startsWith(start)).toBe(true);
  expect(page.slice(-2)).toEqual(['# EOF', '']);
  expect(page.slice(0, -1)).not.toContain('');
});

test.each([
  [fromPrometheus, openMetrics],
  [withProtobuf, openMetrics],
  [undefined, text],
  ['', text],
  ['*/*', text],
  ['text/html,application/xhtml+xml,*/*;q=0.8', text],
  ['text/plain;version=0.0.4', text],
  ['application/openmetrics-text', openMetrics],
  ['Application/OpenMetrics-Text; Version=1.0.0', openMetrics],
  ['application/openmetrics-text;q=0', text],
  ['application/openmetrics-text;q=0.2,text/plain;q=0.3', text],
  ['application/openmetrics-text;q=nonsense', text],
])('accepting %j gets the format that it prefers', async (accept, type) => {
  expect((await expose(new Registry(), accept)).type).toBe(type);
});

test('a page shows one instant: what changes while it is written is on the next one', async () => {
  const registry = filled();
  const { attempts, slots } = createWorkerMetrics(registry);
  slots.set({ pool: 'default', state: 'busy' }, 1);
  const page = expose(registry, openMetrics);
  attempts.inc({ pool: 'default', provider: 'gemini', model: 'm', outcome: 'succeeded' });
  slots.set({ pool: 'default', state: 'busy' }, 2);
  const { body } = await page;
  expect(body).toContain(`genwarden_attempts_total{${labels}} 3\n`);
  expect(body).toContain('genwarden_slots{pool="default",state="busy"} 1\n');
  expect((await expose(registry, openMetrics)).body).toContain(`genwarden_attempts_total{${labels}} 4\n`);
});

test('the page asks for the values that are read at each scrape', async () => {
  const registry = new Registry();
  const { natsConnected } = createProcessMetrics(registry, { version: '1.2.3', process: 'worker' });
  let connected = 1;
  Object.assign(natsConnected, { collect: () => natsConnected.set(connected) });
  expect((await expose(registry, openMetrics)).body).toContain('genwarden_nats_connected 1\n');
  connected = 0;
  expect((await expose(registry, openMetrics)).body).toContain('genwarden_nats_connected 0\n');
  expect((await expose(registry, text)).body).toContain('process_start_time_seconds 1');
});

test('a value that has to be waited for delays no page', async () => {
  const registry = new Registry();
  const { natsConnected } = createProcessMetrics(registry, { version: '1.2.3', process: 'worker' });
  const asksNats = (): Promise<void> => new Promise(() => undefined);
  Object.assign(natsConnected, { collect: asksNats });
  for (const accept of [openMetrics, text])
    expect((await expose(registry, accept)).body).toContain('genwarden_nats_connected 0\n');
});

test('in OpenMetrics no two metrics have the name of one family, and all counters end with _total', async () => {
  const registry = new Registry();
  for (const create of [createControllerMetrics, createWorkerMetrics, createApiMetrics, createOperatorMetrics])
    create(registry);
  createProcessMetrics(registry, { version: '1.2.3', process: 'dev' });
  const families = (await lines(registry, openMetrics)).filter((line) => line.startsWith('# TYPE '));
  expect(families.filter((line) => line.includes('_total '))).toEqual([]);
  expect(families.length).toBeGreaterThan(60);
  expect(new Set(families).size).toBe(families.length);
  for (const { type, name, help } of metricList) {
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect(help).not.toMatch(/["\\\n]/);
  }
});
