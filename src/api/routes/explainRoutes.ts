// GET /v1/jobs/{id}/explain, GET /v1/stuck and POST /v1/stuck/fix: why tasks are in their state, and failing stuck ones.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { parseDuration } from '../../job/duration.ts';
import { servingPool } from '../../job/target.ts';
import { principalOf } from '../auth/authenticate.ts';
import type { Right } from '../../ports/kubernetesReviews.ts';
import type { Principal } from '../auth/principal.ts';
import { everyTenant } from '../../jobs/tenancy.ts';
import { explainJob, observePools, observeTask } from '../../jobs/explain.ts';
import { failStuck, findStuck } from '../../jobs/stuck.ts';
import { webhookStatus } from '../../jobs/webhooks.ts';
import { durationText } from '../../jobs/submit/durationText.ts';
import type { Api, ApiContext } from '../options.ts';
import { jobParams } from '../validation.ts';
import { explainedJobSchema, fixedListSchema, stuckListSchema } from '../view/explainSchemas.ts';
import { explainedJobView, explainedTaskView, observedPoolView } from '../view/explainView.ts';
import { refuseStale } from './listRoute.ts';

export function explainRoutes(app: Api, context: ApiContext): void {
  explainRoute(app, context);
  stuckRoute(app, context);
  fixRoute(app, context);
}

function explainRoute(app: Api, context: ApiContext): void {
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
    const tasks = await explainJob(context, principalOf(request).tenant, request.params.id);
    const { job, tenant, webhook } = tasks[0]!.observation.task.of;
    const status = webhook === undefined ? undefined : await webhookStatus(context, tenant, job);
    return reply.header('cache-control', 'no-cache').send(explainedJobView(tasks, status, context.traceUrl));
  });
}

const maxShown = 500;

function stuckRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'listStuck',
    summary: 'List overdue tasks and open tasks without progress',
    description:
      'Tasks in review, and tasks in a queue from which workers still claim tasks, are listed only when they are overdue. A token with the scope `admin` sees the tasks of all tenants.',
    tags: ['jobs'],
    querystring: z.strictObject({
      olderThan: durationText({ min: 0, max: 30 * 86_400_000 })
        .optional()
        .describe('Default 5m.'),
      jobId: z.string().optional(),
      pool: z.string().optional(),
    }),
    response: { 200: stuckListSchema },
    answers: { 200: { says: 'The tasks, each with its explanation.', headers: ['Cache-Control'] } },
    problems: ['NotReady'],
  } satisfies FastifySchema;
  app.get('/v1/stuck', { config: { scope: 'jobs:read' }, schema }, async (request, reply) => {
    refuseStale(context);
    const { olderThan = '5m', jobId: job, pool } = request.query;
    const tenant = tenantSeenBy(principalOf(request));
    const stuck = findStuck(context, { tenant, olderThan: parseDuration(olderThan)!, job, pool });
    const observed = await observePools(context, new Set(stuck.map(({ state }) => servingPool(state))));
    const items = stuck.slice(0, maxShown).map((task) => {
      const view = explainedTaskView(observeTask(context, observed, task), task.sequence);
      return { ...view, tenant: task.state.of.tenant, overdue: task.overdue };
    });
    const pools = [...observed.pools.values()].map(observedPoolView);
    return reply.header('cache-control', 'no-cache').send({ items, next: null, total: stuck.length, pools });
  });
}

/** Undefined: all tenants, on request or because an administrator named none. */
function tenantSeenBy({ tenant, scopes, hasExplicitTenant }: Principal): string | undefined {
  return tenant === everyTenant || (scopes.includes('admin') && hasExplicitTenant !== true) ? undefined : tenant;
}

function fixRoute(app: Api, context: ApiContext): void {
  const seen = z.strictObject({ job: z.string(), task: z.int().min(0), sequence: z.int().min(1) });
  const schema = {
    operationId: 'failStuck',
    summary: 'Fail stuck tasks, each only if it has not moved since it was listed',
    tags: ['jobs'],
    body: z.strictObject({ tasks: z.array(seen).min(1, 'is empty').max(maxShown) }),
    response: { 200: fixedListSchema },
    answers: { 200: { says: 'What became of each task.' } },
  } satisfies FastifySchema;
  const right: Right = { verb: 'update', resource: 'generationjobs' };
  app.post(
    '/v1/stuck/fix',
    { config: { scope: 'jobs:write', right, acrossTenants: true }, schema },
    async (request) => {
      const principal = principalOf(request);
      const tenantOf = (job: string): string =>
        tenantSeenBy(principal) ?? context.follower.index.job(job)?.tenant ?? principal.tenant;
      const items = [];
      for (const task of request.body.tasks) {
        const outcome = await failStuck(context, tenantOf(task.job), task, principal.name);
        items.push({ job: task.job, task: task.task, outcome });
      }
      return { items, next: null };
    },
  );
}
