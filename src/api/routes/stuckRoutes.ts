// GET /v1/stuck and POST /v1/stuck/fix: tasks without progress, and failing exactly those.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { parseDuration } from '../../job/duration.ts';
import { countStates, jobState } from '../../job/jobState.ts';
import { servingPool } from '../../job/target.ts';
import { isoTime } from '../../job/time.ts';
import { ageOfProof, proveCurrent } from '../../jobs/current.ts';
import { observePools, observeTask } from '../../jobs/explain.ts';
import { readJob } from '../../jobs/read.ts';
import { failStuck, findStuck, searchedFor, type StuckRequest } from '../../jobs/stuck.ts';
import { durationText } from '../../jobs/submit/durationText.ts';
import { everyTenant } from '../../jobs/tenancy.ts';
import type { Right } from '../../ports/kubernetesReviews.ts';
import { principalOf } from '../auth/authenticate.ts';
import type { Principal } from '../auth/principal.ts';
import type { Api, ApiContext } from '../options.ts';
import { fixedListSchema, stuckListSchema, type SearchedView } from '../view/explainSchemas.ts';
import { explainedTaskView, observedPoolView } from '../view/explainView.ts';
import { poolNamed } from './poolRoutes.ts';

export function stuckRoutes(app: Api, context: ApiContext): void {
  stuckRoute(app, context);
  fixRoute(app, context);
}

const maxShown = 500;

function stuckRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'listStuck',
    summary: 'List overdue tasks and open tasks without progress',
    description:
      'Tasks in review, and tasks in a queue from which workers still claim tasks, are listed only when they are overdue. A token with the scope `admin` sees the tasks of all tenants. The API answers only once it has read the whole stream: an empty list is never one of an API that is behind or cut off from NATS.',
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
    problems: ['NotReady', 'PoolNotFound', 'JobNotFound'],
  } satisfies FastifySchema;
  app.get('/v1/stuck', { config: { scope: 'jobs:read' }, schema }, async (request, reply) => {
    const { olderThan = '5m', jobId: job, pool } = request.query;
    const tenant = tenantSeenBy(principalOf(request));
    const asked = { tenant, olderThan: parseDuration(olderThan)!, job, pool };
    const looked = await lookAt(context, asked);
    const stuck = findStuck(context, asked);
    const observed = await observePools(context, new Set(stuck.map(({ state }) => servingPool(state))));
    const items = stuck.slice(0, maxShown).map((task) => {
      const view = explainedTaskView(observeTask(context, observed, task), task.sequence);
      return { ...view, tenant: task.state.of.tenant, overdue: task.overdue };
    });
    const pools = [...observed.pools.values()].map(observedPoolView);
    const searched = { ...looked(), ...searchedFor(context, asked) };
    return reply.header('cache-control', 'no-cache').send({ items, next: null, total: stuck.length, pools, searched });
  });
}

/**
 * What the list is about to be chosen from; the function that it returns gives that with its age. Throws `JobNotFound`, `PoolNotFound`,
 * and `Unavailable` or `NotReady` while it is not known which tasks there are.
 */
async function lookAt(
  context: ApiContext,
  { tenant, job, pool }: StuckRequest,
): Promise<() => Omit<SearchedView, 'openTasks' | 'jobs'>> {
  const [proof, leader, record] = await Promise.all([
    proveCurrent(context),
    context.installation?.leader(),
    job === undefined ? undefined : readJob(context, tenant ?? everyTenant, job),
  ]);
  if (pool !== undefined) refuseUnknown(context, pool);
  const states = record?.tasks.map(({ last }) => last.state);
  return () => ({
    tenant: tenant ?? null,
    jobState: states === undefined ? null : jobState(countStates(states)),
    sequence: proof.sequence,
    at: isoTime(proof.at),
    ageMs: ageOfProof(proof, context),
    // Messages of a newer version are not in the index.
    complete: context.follower.firstNewer() === undefined,
    leader: leader ?? null,
  });
}

/** Throws `PoolNotFound`, unless the pool was deleted and still has tasks. */
function refuseUnknown(context: ApiContext, pool: string): void {
  const tasks = context.follower.index.counts().get(pool);
  if (tasks !== undefined && Object.values(tasks).some((number) => number > 0)) return;
  poolNamed(context, pool);
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
