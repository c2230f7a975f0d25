// GET /v1/jobs/{id}/explain: why its tasks are in their state.

import type { FastifySchema } from 'fastify';
import { principalOf } from '../auth/authenticate.ts';
import { explainJob } from '../../jobs/explain.ts';
import { webhookStatus } from '../../jobs/webhooks.ts';
import type { Api, ApiContext } from '../options.ts';
import { jobParams } from '../validation.ts';
import { explainedJobSchema } from '../view/explainSchemas.ts';
import { explainedJobView } from '../view/explainView.ts';
import { refuseStale } from './listRoute.ts';

export function explainRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'explainJob',
    summary: 'Explain the state of a job, what happens next, and what to do',
    tags: ['jobs'],
    params: jobParams,
    response: { 200: explainedJobSchema },
    answers: { 200: { says: 'The explanation of each task.', headers: ['Cache-Control'] } },
    problems: ['NotReady'],
  } satisfies FastifySchema;
  app.get('/v1/jobs/:id/explain', { config: { scope: 'jobs:read' }, schema }, async (request, reply) => {
    refuseStale(context);
    const tasks = await explainJob(context, principalOf(request).tenant, request.params.id);
    const { job, tenant, webhook } = tasks[0]!.observation.task.of;
    const status = webhook === undefined ? undefined : await webhookStatus(context, tenant, job);
    return reply.header('cache-control', 'no-cache').send(explainedJobView(tasks, status, context.traceUrl));
  });
}
