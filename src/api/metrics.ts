// The metrics that the API measures: overdue tasks, sources of tokens, and request durations by route.

import { overdueKnownFor } from '../jobs/overdueTally.ts';
import { methodLabel } from '../telemetry/labels.ts';
import { observe, type ApiMetrics } from '../telemetry/metrics.ts';
import type { ApiContext, Api } from './options.ts';
import { sampledTraceId } from './requestTrace.ts';

const intervalMs = 5_000;

/** Prometheus sees no increase in a series that begins above 0. */
export function beginAtZero({ webhookDeliveries }: ApiMetrics): void {
  for (const outcome of ['delivered', 'retried', 'dead']) webhookDeliveries.inc({ outcome }, 0);
}

/**
 * Counts overdue tasks until the returned function is called. Every API process does, so that a failing controller is
 * noticed from outside.
 */
export function watchOverdue({ overdue, pools, metrics }: ApiContext): () => void {
  const count = (): void => {
    const declared = pools.list().map(({ name }): [string, number] => [name, 0]);
    metrics.overdueTasks.reset();
    for (const [pool, tasks] of [...declared, ...overdue.latest().pools]) metrics.overdueTasks.set({ pool }, tasks);
  };
  count();
  const timer = setInterval(count, overdueKnownFor).unref();
  return () => clearInterval(timer);
}

/** Shows which sources of tokens can be read, until the returned function is called. */
export function watchAuthSources({ auth, oidc, metrics }: ApiContext): () => void {
  const show = (): void => {
    if (auth !== 'off' && auth.failure !== undefined) {
      metrics.authSourceUp.set({ source: 'tokens-file' }, auth.failure() === undefined ? 1 : 0);
    }
    if (oidc !== undefined) metrics.authSourceUp.set({ source: 'oidc' }, oidc.failing() ? 0 : 1);
  };
  show();
  const timer = setInterval(show, intervalMs).unref();
  return () => clearInterval(timer);
}

/** Excludes waiting requests and event streams, because the client decides how long they take. */
export function measureRequests(app: Api, { metrics }: Pick<ApiContext, 'metrics'>): void {
  app.addHook('onResponse', async (request, reply) => {
    if (isWait(request.query) || request.routeOptions.url?.endsWith('/events') === true) return;
    const labels = {
      method: methodLabel(request.method),
      // The route's template, because ids must not become labels.
      route: request.routeOptions.url ?? 'unknown',
      code: String(reply.statusCode),
    };
    observe(metrics.httpRequestDuration, labels, reply.elapsedTime / 1_000, sampledTraceId(request));
  });
}

const isWait = (query: unknown): boolean => typeof query === 'object' && query !== null && 'wait' in query;
