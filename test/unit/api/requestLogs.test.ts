// What the API logs of requests that fail on its side.

import { expect, test } from 'vitest';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import { createLogger } from '../../../src/telemetry/log.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-request-id': 'r-1' };

interface Stage {
  readonly world: ApiWorld;
  readonly lines: () => Record<string, unknown>[];
}

async function stage(): Promise<Stage> {
  const written: string[] = [];
  const destination = { write: (line: string) => written.push(line) };
  const logger = createLogger({ level: 'info', format: 'json', process: 'api', destination });
  return { world: await apiWorld({ logger }), lines: () => written.map((line) => JSON.parse(line)) };
}

test.each([
  ['request_error', 'InternalError', new Error('a bug')],
  ['request_failed', 'Unavailable', new GenwardenError('Unavailable', 'NATS does not answer')],
])('%s has the request, its route and its trace', async (event, code, error) => {
  const { world, lines } = await stage();
  await using api = world;
  api.log.read = () => Promise.reject(error);
  await api.api.inject({ method: 'GET', url: '/v1/jobs/yz03xns45dmsgxdq8c8qtpxskt/history', headers });
  const about = { requestId: 'r-1', method: 'GET', route: '/v1/jobs/:id/history', code, traceId };
  expect(lines()).toEqual([expect.objectContaining({ event, ...about })]);
});

test('what a client did wrong is not logged', async () => {
  const { world, lines } = await stage();
  await using api = world;
  await api.api.inject({ method: 'GET', url: '/v1/nothing', headers });
  await api.api.inject({ method: 'POST', url: '/v1/jobs', headers, body: { oops: 1 } });
  expect(lines()).toEqual([]);
});
