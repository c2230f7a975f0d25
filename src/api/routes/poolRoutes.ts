// GET /v1/pools, and POST …/pause and …/resume.

import { z } from 'zod';
import { parseDuration } from '../../job/duration.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Instant, Queued } from '../../job/task.ts';
import type { PoolDeclaration } from '../../ports/poolRegistry.ts';
import { readInstallation } from '../auth/kubernetes/kubernetesTokens.ts';
import type { Api, ApiContext } from '../options.ts';
import { durationText } from '../../jobs/submit/durationText.ts';
import { poolListSchema, pausedPoolSchema, poolSchema, type PoolView } from '../view/schemas.ts';
import { isoTimeOrNull } from '../view/taskView.ts';
import { problems } from './answers.ts';

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
    response: { 200: poolListSchema, ...problems },
  };
  app.get('/v1/pools', { config: { scope: 'jobs:read', right: readInstallation }, schema }, async () => {
    const oldest = oldestQueued(context);
    const declared = context.pools.list().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const items = await Promise.all(declared.map((pool) => poolView(context, pool, oldest.get(pool.name) ?? null)));
    return { items, next: null };
  });
}

const params = z.strictObject({ pool: z.string() });

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
    response: { 200: pausedPoolSchema, ...problems },
  };
  app.post('/v1/pools/:pool/pause', { config: { scope: 'admin' }, schema }, async (request) => {
    const pool = poolNamed(context, request.params.pool);
    const { for: length } = request.body;
    await context.queue.pause(
      pool.name,
      length === undefined ? undefined : context.clock.now() + parseDuration(length)!,
    );
    context.logger.warn({ pool: pool.name, for: length }, `Paused pool ${pool.name}`);
    const firstQueueTimeoutAt = isoTimeOrNull(firstQueueTimeout(context, pool.name));
    return { ...(await currentPoolView(context, pool)), firstQueueTimeoutAt };
  });
}

function resumePool(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'resumePool',
    summary: 'Resume a paused pool',
    tags: ['workers'],
    params,
    body: z.strictObject({}),
    response: { 200: poolSchema, ...problems },
  };
  app.post('/v1/pools/:pool/resume', { config: { scope: 'admin' }, schema }, async (request) => {
    const pool = poolNamed(context, request.params.pool);
    await context.queue.resume(pool.name);
    context.logger.info({ pool: pool.name }, `Resumed pool ${pool.name}`);
    return currentPoolView(context, pool);
  });
}

/** Throws `PoolNotFound`. */
function poolNamed({ pools }: ApiContext, name: string): PoolDeclaration {
  const pool = pools.find(name);
  if (pool !== undefined) return pool;
  const known = pools.list().map((one) => one.name);
  const message = `There is no pool ${name}; ${known.length === 0 ? 'no pool is available' : `available: ${known.join(', ')}`}`;
  throw new GenwardenError('PoolNotFound', message, { details: { known } });
}

const currentPoolView = (context: ApiContext, pool: PoolDeclaration): Promise<PoolView> =>
  poolView(context, pool, oldestQueued(context).get(pool.name) ?? null);

/** When the first queued task of the pool fails unless a worker claims it. */
function firstQueueTimeout({ follower }: ApiContext, pool: string): Instant | null {
  let first: Instant | null = null;
  for (const { state } of follower.index.openTasks()) {
    if (state.state === 'queued' && state.of.pool === pool) first = Math.min(first ?? Infinity, state.dueAt);
  }
  return first;
}

async function poolView(context: ApiContext, pool: PoolDeclaration, oldest: number | null): Promise<PoolView> {
  const { name, provider, models } = pool;
  const [depth, keys, paused] = await Promise.all([
    context.queue.depth(name),
    context.keys?.state(name) ?? [],
    context.queue.paused(name),
  ]);
  const counts = context.follower.index.counts().get(name);
  return {
    name,
    provider,
    models: { image: [...models.image], text: [...models.text] },
    depth: { ...depth.lanes },
    unacknowledged: depth.unacknowledged,
    queued: counts?.queued ?? 0,
    running: counts?.running ?? 0,
    waiting: counts?.waiting ?? 0,
    needsReview: counts?.needs_review ?? 0,
    oldestQueuedAt: isoTimeOrNull(oldest),
    paused: paused !== undefined,
    pausedUntil: isoTimeOrNull(paused?.until ?? null),
    workers: context.workers.list().filter(({ beat }) => beat.pool === name).length,
    keys: keys.map(({ fingerprint, state, until, cause, inFlight, requestsPerMinute }) => {
      return { fingerprint, state, until: isoTimeOrNull(until), cause, inFlight, requestsPerMinute };
    }),
  };
}

/** The time at which the oldest queued task of each pool entered the queue. */
function oldestQueued({ follower }: ApiContext): ReadonlyMap<string, number> {
  const oldest = new Map<string, number>();
  for (const { state } of follower.index.openTasks()) {
    if (state.state !== 'queued') continue;
    const { pool }: Queued['of'] = state.of;
    oldest.set(pool, Math.min(oldest.get(pool) ?? Infinity, state.since));
  }
  return oldest;
}
