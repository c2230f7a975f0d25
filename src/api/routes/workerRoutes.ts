// GET /v1/workers and GET /v1/pools: who works, and on what.

import type { Queued } from '../../job/task.ts';
import { principalOf } from '../auth/authenticate.ts';
import type { Principal } from '../auth/tokenStore.ts';
import type { Api, ApiContext } from '../options.ts';
import type { PoolDeclaration } from '../../ports/poolRegistry.ts';
import { poolListSchema, workerListSchema, type PoolView, type WorkerView } from '../view/schemas.ts';
import { isoTime, isoTimeOrNull } from '../view/taskView.ts';
import type { SeenWorker } from '../workersSeen.ts';
import { problems } from './answers.ts';

export function workerRoutes(app: Api, context: ApiContext): void {
  const workers = {
    operationId: 'listWorkers',
    summary: 'The workers, from their heartbeats',
    tags: ['workers'],
    response: { 200: workerListSchema, ...problems },
  };
  app.get('/v1/workers', { config: { scope: 'jobs:read' }, schema: workers }, async (request) => {
    const principal = principalOf(request);
    return { items: context.workers.list().map((worker) => workerView(context, worker, principal)), next: null };
  });
  const pools = {
    operationId: 'listPools',
    summary: 'The pools with their queues, workers and keys',
    tags: ['workers'],
    response: { 200: poolListSchema, ...problems },
  };
  app.get('/v1/pools', { config: { scope: 'jobs:read' }, schema: pools }, async () => {
    const oldest = oldestQueued(context);
    const declared = context.pools.list().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const items = await Promise.all(declared.map((pool) => poolView(context, pool, oldest.get(pool.name) ?? null)));
    return { items, next: null };
  });
}

function workerView(context: ApiContext, { beat, lastBeat }: SeenWorker, principal: Principal): WorkerView {
  const { worker, pool, host, pid, version, startedAt, draining, slots, eventLoopLag, memory } = beat;
  const mine = beat.tasks.filter(({ job }) => isShown(context, job, principal));
  return {
    name: worker,
    pool,
    host,
    pid,
    version,
    startedAt: isoTime(startedAt),
    lastBeat: isoTime(lastBeat),
    draining,
    slots: { ...slots },
    tasks: mine.map(({ job, task, progress }) => ({ job, task, progress })),
    eventLoopLag,
    memory,
  };
}

/** The jobs of other tenants are nobody’s business but an administrator’s. */
function isShown({ follower }: ApiContext, job: string, { tenant, scopes }: Principal): boolean {
  return scopes.includes('admin') || follower.index.job(job)?.tenant === tenant;
}

async function poolView(context: ApiContext, pool: PoolDeclaration, oldest: number | null): Promise<PoolView> {
  const { name, provider, models } = pool;
  const [depth, keys] = await Promise.all([context.queue.depth(name), context.keys?.state(name) ?? []]);
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
    workers: context.workers.list().filter(({ beat }) => beat.pool === name).length,
    keys: keys.map(({ fingerprint, state, until, cause, inFlight, requestsPerMinute }) => {
      return { fingerprint, state, until: isoTimeOrNull(until), cause, inFlight, requestsPerMinute };
    }),
  };
}

/** When the task that has waited longest in each pool’s queue entered it. */
function oldestQueued({ follower }: ApiContext): ReadonlyMap<string, number> {
  const oldest = new Map<string, number>();
  for (const { state } of follower.index.openTasks()) {
    if (state.state !== 'queued') continue;
    const { pool }: Queued['of'] = state.of;
    oldest.set(pool, Math.min(oldest.get(pool) ?? Infinity, state.since));
  }
  return oldest;
}
