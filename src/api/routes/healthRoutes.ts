// /healthz: liveness. /readyz: readiness.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Api, ApiContext } from '../options.ts';

export function healthRoutes(app: Api, context: ApiContext): void {
  const response = { 200: z.object({ status: z.string() }) };
  const health = {
    operationId: 'health',
    summary: 'Liveness: the process answers',
    tags: ['health'],
    response,
    answers: { 200: { says: 'The process is alive.' } },
  } satisfies FastifySchema;
  app.get('/healthz', { schema: health }, async () => ({ status: 'ok' }));
  const ready = {
    operationId: 'ready',
    summary: 'Readiness: NATS answers and the index is current',
    tags: ['health'],
    response,
    answers: { 200: { says: 'The process serves requests.' } },
    problems: ['NotReady', 'Unavailable'],
  } satisfies FastifySchema;
  app.get('/readyz', { schema: ready }, async () => {
    // First, because it says why NATS does not answer.
    await context.log.health();
    const state = context.follower.ready();
    if (!state.ready) throw new GenwardenError('NotReady', `The API is not ready: ${state.reason}`);
    return { status: 'ready' };
  });
}
