// GET /v1/pools, and POST …/pause and …/resume.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { parseDuration } from '../../job/duration.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { resumeCommand } from '../../job/poolResource.ts';
import { servingPool } from '../../job/target.ts';
import type { Instant } from '../../job/task.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import type { PoolDeclaration } from '../../ports/poolRegistry.ts';
import { principalOf } from '../auth/authenticate.ts';
import { readInstallation } from '../auth/kubernetes/kubernetesTokens.ts';
import type { Principal } from '../auth/principal.ts';
import type { Api, ApiContext } from '../options.ts';
import { proveCurrent } from '../../jobs/current.ts';
import { durationText } from '../../jobs/submit/durationText.ts';
import { poolView } from '../view/poolView.ts';
import { poolListSchema, pausedPoolSchema, poolSchema, type PoolView } from '../view/poolSchemas.ts';
import { isoTimeOrNull } from '../view/taskView.ts';

export function poolRoutes(app: Api, context: ApiContext): void {
  listPools(app, context);
  pausePool(app, context);
  resumePool(app, context);
}

function listPools(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'listPools',
    summary: 'List the pools with their queues, workers and keys',
    tags: ['workers'],
    response: { 200: poolListSchema },
    answers: { 200: { says: 'All pools.' } },
    problems: ['NotReady'],
  } satisfies FastifySchema;
  app.get('/v1/pools', { config: { scope: 'jobs:read', right: readInstallation }, schema }, async (request) => {
    const principal = principalOf(request);
    // An API that is cut off from NATS does not say that there are no pools.
    if (context.pools.list().length === 0) await proveCurrent(context);
    const declared = context.pools.list().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const views = declared.map((pool) => poolView(context, pool, principal));
    return { items: await Promise.all(views), next: null };
  });
}

const params = z.strictObject({ pool: z.string().describe('The name of the pool.') });

function pausePool(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'pausePool',
    summary: 'Pause a pool, so that its workers start no more tasks',
    description:
      'Running tasks continue, submits are accepted, and queue timeouts keep running: `firstQueueTimeoutAt` is when the first queued task would fail. Requires the scope `admin`, because tenants share pools.',
    tags: ['workers'],
    params,
    body: z.strictObject({
      for: durationText({ min: 1_000, max: 30 * 86_400_000 })
        .optional()
        .describe('Default: until the pool is resumed.'),
    }),
    response: { 200: pausedPoolSchema },
    answers: { 200: { says: 'The pool, which is paused.' } },
    problems: ['PoolNotFound', 'PoolPausedBySpec'],
  } satisfies FastifySchema;
  app.post('/v1/pools/:pool/pause', { config: { scope: 'admin' }, schema }, async (request) => {
    const pool = poolNamed(context, request.params.pool);
    refusePausedBySpec(pool);
    const { for: length } = request.body;
    await context.queue.pause(
      pool.name,
      length === undefined ? undefined : context.clock.now() + parseDuration(length)!,
    );
    logEvent(context.logger, 'pool_paused', { pool: pool.name, for: length }, `Paused pool ${pool.name}`);
    const firstQueueTimeoutAt = isoTimeOrNull(firstQueueTimeout(context, pool.name));
    return { ...(await currentPoolView(context, pool, principalOf(request))), firstQueueTimeoutAt };
  });
}

function resumePool(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'resumePool',
    summary: 'Resume a paused pool',
    tags: ['workers'],
    params,
    body: z.strictObject({}),
    response: { 200: poolSchema },
    answers: { 200: { says: 'The pool, which is not paused.' } },
    problems: ['PoolNotFound', 'PoolPausedBySpec'],
  } satisfies FastifySchema;
  app.post('/v1/pools/:pool/resume', { config: { scope: 'admin' }, schema }, async (request) => {
    const pool = poolNamed(context, request.params.pool);
    refusePausedBySpec(pool);
    await context.queue.resume(pool.name);
    logEvent(context.logger, 'pool_resumed', { pool: pool.name }, `Resumed pool ${pool.name}`);
    return currentPoolView(context, pool, principalOf(request));
  });
}

/** Throws `PoolNotFound`. */
export function poolNamed({ pools }: ApiContext, name: string): PoolDeclaration {
  const pool = pools.find(name);
  if (pool !== undefined) return pool;
  const known = pools.list().map((one) => one.name);
  const message = `There is no pool ${name}; ${known.length === 0 ? 'no pool is available' : `available: ${known.join(', ')}`}`;
  throw new GenwardenError('PoolNotFound', message, { details: { known } });
}

/**
 * The operator pauses the queue of such a pool again, and resumes it when spec.paused is false: neither a resume nor a pause with
 * an end would hold. Throws `PoolPausedBySpec`.
 */
function refusePausedBySpec({ name, resource }: PoolDeclaration): void {
  if (resource?.paused !== true) return;
  const message = `Pool ${name} is paused by spec.paused of WorkerPool ${name} in namespace ${resource.namespace}; to resume it: ${resumeCommand(name, resource)}`;
  throw new GenwardenError('PoolPausedBySpec', message);
}

const currentPoolView = (context: ApiContext, pool: PoolDeclaration, principal: Principal): Promise<PoolView> =>
  poolView(context, pool, principal);

/** When the first queued task of the pool fails unless a worker claims it. */
function firstQueueTimeout({ follower }: ApiContext, pool: string): Instant | null {
  let first: Instant | null = null;
  for (const { state } of follower.index.openTasks()) {
    if (state.state === 'queued' && servingPool(state) === pool) first = Math.min(first ?? Infinity, state.dueAt);
  }
  return first;
}
