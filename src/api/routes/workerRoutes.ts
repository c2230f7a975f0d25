// GET /v1/workers.

import type { FastifySchema } from 'fastify';
import { principalOf } from '../auth/authenticate.ts';
import { readInstallation } from '../auth/kubernetes/kubernetesTokens.ts';
import type { Principal } from '../auth/principal.ts';
import { phaseText } from '../../job/attemptPhase.ts';
import { proveCurrent } from '../../jobs/current.ts';
import { canSee } from '../../jobs/tenancy.ts';
import type { Api, ApiContext } from '../options.ts';
import { workerListSchema, type WorkerView } from '../view/poolSchemas.ts';
import { isoTime } from '../../job/time.ts';
import type { SeenWorker } from '../../readmodel/workerDirectory.ts';

export function workerRoutes(app: Api, context: ApiContext): void {
  const workers = {
    operationId: 'listWorkers',
    summary: 'List the workers and their tasks, from their heartbeats',
    tags: ['workers'],
    response: { 200: workerListSchema },
    answers: { 200: { says: 'All workers with a heartbeat, and for a minute those that stopped or were lost.' } },
    problems: ['NotReady'],
  } satisfies FastifySchema;
  app.get(
    '/v1/workers',
    { config: { scope: 'jobs:read', right: readInstallation }, schema: workers },
    async (request) => {
      const principal = principalOf(request);
      const seen = context.workers.seen();
      // An API that is cut off from NATS hears no heartbeat: that does not mean that there are no workers.
      if (seen.length === 0) await proveCurrent(context);
      return { items: seen.map((worker) => workerView(context, worker, principal)), next: null };
    },
  );
}

function workerView(context: ApiContext, { beat, lastBeat, state }: SeenWorker, principal: Principal): WorkerView {
  const {
    worker,
    pool,
    host,
    pid,
    version,
    startedAt,
    draining,
    slots,
    eventLoopLag,
    memory,
    attemptMemory = null,
  } = beat;
  const visible = beat.tasks.filter(({ job }) => isShown(context, job, principal));
  return {
    name: worker,
    pool,
    host,
    pid,
    version,
    startedAt: isoTime(startedAt),
    lastBeat: isoTime(lastBeat),
    draining,
    state,
    slots: { ...slots },
    tasks: visible.map(({ job, task, progress, phase, waited = null, usual = null }) => {
      return { job, task, progress, phase: phase === undefined ? null : phaseText(phase), waited, usual };
    }),
    eventLoopLag,
    memory,
    attemptMemory,
  };
}

/** Only an administrator sees the jobs of other tenants. */
function isShown({ follower }: ApiContext, job: string, { tenant, scopes, hasExplicitTenant }: Principal): boolean {
  if (scopes.includes('admin') && hasExplicitTenant !== true) return true;
  return canSee(tenant, follower.index.job(job)?.tenant);
}
