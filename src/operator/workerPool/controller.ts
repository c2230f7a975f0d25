// The controller of WorkerPools: what it watches while it leads. Changes only enqueue the pool's key.

import { servingPool } from '../../job/target.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import { WorkerDirectory } from '../../readmodel/workerDirectory.ts';
import type { Enqueue, Controller } from '../runtime/controller.ts';
import type { OperatorContext } from '../context.ts';
import { workerPoolType } from '../resources/kinds.ts';
import type { WorkerPool } from '../resources/workerPool.ts';
import { childName, poolLabel, workerSelector } from './children/names.ts';
import { parseTemplate } from './children/workerTemplate.ts';
import { reconcilePool } from './reconciler.ts';
import { PoolStates, type Term } from './reconcileState.ts';
import { AttemptDurations } from '../../readmodel/attemptDurations.ts';
import { deploymentType, podType, type Deployment, type Pod } from '../resources/builtInKinds.ts';

export function workerPoolController(context: OperatorContext): Controller {
  let term: Term | undefined;
  return {
    name: 'workerpool',
    start: async (enqueue, signal) => {
      term = await startTerm(context, enqueue, signal);
    },
    reconcile: async (key, signal) => {
      // The sources enqueue keys while they are still being read.
      if (term === undefined) return { requeueAfterMs: 100 };
      return { requeueAfterMs: await reconcilePool(context, term, key, signal) };
    },
  };
}

/** Changes of a pool's queue are batched for this long, ms. */
const batchMs = 200;
/** The first task of a pool without workers still has to wait for a pod, ms. */
const emptyBatchMs = 20;

/** Resolves once every source has been read. */
async function startTerm(context: OperatorContext, enqueue: Enqueue, signal: AbortSignal): Promise<Term> {
  const term: Term = {
    ...startInformers(context, enqueue, signal),
    workers: new WorkerDirectory(context.clock, { forgetAfterMs: context.heartbeatTimeoutMs }),
    attemptDurations: new AttemptDurations(),
    states: new PoolStates(),
    template: parseTemplate(context.workerTemplate),
  };
  watchQueues(context, term, enqueue, signal);
  const unheard = (err: unknown): void =>
    logEvent(context.logger, 'heartbeats_unavailable', { err }, 'Cannot watch the heartbeats of workers');
  term.workers.watch(context.heartbeats, signal).catch(unheard);
  await Promise.all([term.pools.untilSynced(), term.deployments.untilSynced(), term.pods.untilSynced()]);
  // Finds declarations whose WorkerPool was deleted while no operator ran, and those that workers replaced by their own.
  const enqueuePool = (name: string): void => enqueue({ namespace: context.namespace, name });
  context.pools.onChange(({ name }) => enqueuePool(name), signal);
  return term;
}

function startInformers(context: OperatorContext, enqueue: Enqueue, signal: AbortSignal) {
  const { namespace, startInformer } = context;
  const enqueuePool = (name: string | undefined): void => {
    if (name !== undefined) enqueue({ namespace, name });
  };
  const base = { namespaces: [namespace], signal };
  const ofWorkers = { ...base, labelSelector: workerSelector };
  return {
    pools: startInformer<WorkerPool>({
      ...base,
      type: workerPoolType,
      onChange: (pool) => enqueuePool(pool.metadata.name),
    }),
    deployments: startInformer<Deployment>({
      ...ofWorkers,
      type: deploymentType,
      onChange: ({ metadata }) => enqueuePool(metadata.labels?.[poolLabel]),
    }),
    pods: startInformer<Pod>({
      ...ofWorkers,
      type: podType,
      onChange: ({ metadata }) => enqueuePool(metadata.labels?.[poolLabel]),
    }),
  };
}

function watchQueues(
  context: OperatorContext,
  { attemptDurations, deployments }: Term,
  enqueue: Enqueue,
  signal: AbortSignal,
): void {
  const stop = context.follower.onChange((change) => {
    attemptDurations.observe(change);
    const { namespace } = context;
    const name = servingPool(change.after.state);
    const isEmpty = deployments.get({ namespace, name: childName(name) })?.spec?.replicas === 0;
    enqueue({ namespace, name }, isEmpty ? emptyBatchMs : batchMs);
  });
  signal.addEventListener('abort', stop, { once: true });
}
