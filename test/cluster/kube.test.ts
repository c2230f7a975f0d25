// The operator's view of a cluster, on a real API server: the suite that the stand-in passes too.
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectCluster } from '../../src/operator/kube/realCluster.ts';
import { createOperatorMetrics } from '../../src/telemetry/metrics.ts';
import { kubeClusterSuite } from '../conformance/kubeCluster.ts';
import { applyDefinitions } from './support/genwarden.ts';
import { testNamespace } from './support/namespace.ts';

const namespace = testNamespace('kube');
const registry = new Registry();
// Pages of two, so that lists have several.
const cluster = connectCluster({ metrics: createOperatorMetrics(registry), version: 'test', pageSize: 2 });

beforeAll(() => applyDefinitions());
afterAll(() => cluster.close());

kubeClusterSuite(async () => ({ cluster, namespace }));

test('each request is counted by its answer', async () => {
  const text = await registry.metrics();
  const host = `host="${cluster.host}"`;
  expect(text).toMatch(new RegExp(`rest_client_requests_total\\{code="200",method="GET",${host}\\} \\d+`));
  expect(text).toMatch(new RegExp(`rest_client_requests_total\\{code="404",method="GET",${host}\\} \\d+`));
  expect(text).toMatch(new RegExp(`rest_client_requests_total\\{code="422",method="PATCH",${host}\\} 1`));
});
