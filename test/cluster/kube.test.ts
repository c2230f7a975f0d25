// The Kubernetes adapter and the event recorder against a real API server, with the same suite that the fake cluster passes.
import { monotonicFrom } from '../../src/job/time.ts';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventType } from '../../src/operator/events/event.ts';
import { createEventRecorder } from '../../src/operator/events/eventRecorder.ts';
import type { KubeObject } from '../../src/ports/kubernetes.ts';
import { informerFactory, KubeClient, loadKubeconfig } from '../../src/adapters/kubernetes/index.ts';
import { createOperatorMetrics } from '../../src/telemetry/metrics.ts';
import { kubeClusterSuite } from '../conformance/kubeCluster.ts';
import { until } from '../support/until.ts';
import { applyDefinitions } from './support/genwarden.ts';
import { testNamespace } from './support/namespace.ts';

const namespace = testNamespace('kube');
const configMap = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const registry = new Registry();
const metrics = createOperatorMetrics(registry);
const cluster = new KubeClient({
  kubeconfig: await loadKubeconfig('InvalidConfiguration'),
  program: 'genwarden-operator',
  version: 'test',
  requests: metrics.kubeRequests,
  // So that lists have several pages.
  pageSize: 2,
});

beforeAll(() => applyDefinitions());
afterAll(() => cluster.close());

kubeClusterSuite(async () => ({ cluster, namespace }));

const eventsOf = async (name: string) => {
  const { items } = await cluster.list(eventType, { namespace });
  return items.filter((event) => (event as unknown as { regarding: { name: string } }).regarding.name === name);
};

test('the API server accepts events and their series counts', async () => {
  const about = await cluster.apply(configMap, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'told', namespace },
  });
  const clock = { now: () => Date.now(), monotonic: () => monotonicFrom(performance.now()) };
  const recorder = createEventRecorder({
    cluster,
    clock,
    metrics,
    logger: pino({ enabled: false }),
    instance: 'test-1',
  });
  const event = { type: 'Warning', reason: 'Refused', action: 'Submit', note: `${'ä'.repeat(600)}` } as const;
  recorder.record(about, event);
  await until(async () => (await eventsOf('told')).length === 1, { what: 'the event' });
  for (let count = 0; count < 4; count += 1) recorder.record(about, event);
  await recorder.close();
  expect(await eventsOf('told')).toMatchObject([{ reason: 'Refused', type: 'Warning', series: { count: 5 } }]);
});

test('an informer caches existing objects and reports changes', async () => {
  const stop = new AbortController();
  const heard: string[] = [];
  const clock = { monotonic: () => monotonicFrom(performance.now()) };
  const parts = {
    cluster,
    reportProblem: () => undefined,
    logger: pino({ enabled: false }),
    metrics,
    clock,
    jitter: () => 0,
  };
  const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } });
  await cluster.apply(configMap, map('there'));
  const onChange = (object: KubeObject, change: string): void => void heard.push(`${change} ${object.metadata.name}`);
  const informer = informerFactory(parts)({ type: configMap, namespaces: [namespace], onChange, signal: stop.signal });
  await informer.untilSynced();
  expect(informer.get({ namespace, name: 'there' })?.metadata.name).toBe('there');
  await cluster.apply(configMap, map('comes'));
  await cluster.delete(configMap, { namespace, name: 'comes' });
  await until(() => heard.includes('deleted comes'), { what: 'it to come and go' });
  expect(heard.filter((event) => event.endsWith('comes'))).toEqual(['added comes', 'deleted comes']);
  stop.abort();
});

test('requests are counted by status', async () => {
  const text = await registry.metrics();
  const host = `host="${cluster.host}"`;
  expect(text).toMatch(new RegExp(`rest_client_requests_total\\{code="200",method="GET",${host}\\} \\d+`));
  expect(text).toMatch(new RegExp(`rest_client_requests_total\\{code="404",method="GET",${host}\\} \\d+`));
  expect(text).toMatch(new RegExp(`rest_client_requests_total\\{code="422",method="PATCH",${host}\\} 1`));
});
