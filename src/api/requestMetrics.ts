// Request durations by route. Waits and event streams are left out, because the client decides how long they take.

import type { Api, ApiContext } from './options.ts';

export function measureRequests(app: Api, { metrics }: Pick<ApiContext, 'metrics'>): void {
  app.addHook('onResponse', async (request, reply) => {
    if (isWait(request.query) || request.routeOptions.url?.endsWith('/events') === true) return;
    const labels = {
      method: request.method,
      // The route's template, because ids must not become labels.
      route: request.routeOptions.url ?? 'unknown',
      code: String(reply.statusCode),
    };
    metrics.httpRequestDuration.observe(labels, reply.elapsedTime / 1_000);
  });
}

const isWait = (query: unknown): boolean => typeof query === 'object' && query !== null && 'wait' in query;
