// The controller of WorkerPools: what it watches while it leads. Changes only enqueue the pool's key.

import { WorkerDirectory } from '../../readmodel/workerDirectory.ts';
import type { Enqueue, KubeController } from '../runtime/controller.ts';
import type { OperatorParts } from '../context.ts';
import { workerPoolType } from '../resources/kinds.ts';
import type { WorkerPool } from '../resources/workerPool.ts';
import { poolLabel, workerSelector } from './children/names.ts';
import { parseTemplate } from './children/workerTemplate.ts';
import { reconcilePool } from './reconciler.ts';
import { PoolMemories, type Term } from './reconcileState.ts';
import { AttemptPace } from './observe/attemptDuration.ts';
import { deploymentType, podType, type Deployment, type Pod } from '../resources/builtInKinds.ts';

export function workerPoolController(parts: OperatorParts): KubeController {
  let term: Term | undefined;
  return {
    name: 'workerpool',
    start: async (enqueue, signal) => {
      term = await startTerm(parts, enqueue, signal);
    },
    reconcile: async (key, signal) => {
      // Keys come in while the sources are still being read.
      if (term === undefined) return { lookAgainInMs: 100 };
      return { lookAgainInMs: await reconcilePool(parts, term, key, signal) };
    },
  };
}

/** ms that changes of a pool's queue are gathered for. */
const gathering = 200;

/** Resolves once every source has been read. */
async function startTerm(parts: OperatorParts, enqueue: Enqueue, signal: AbortSignal): Promise<Term> {
  const term: Term = {
    ...startInformers(parts, enqueue, signal),
    workers: new WorkerDirectory(parts.clock, parts.heartbeatTimeoutMs),
    pace: new AttemptPace(),
    memories: new PoolMemories(),
    template: parseTemplate(parts.workerTemplate),
  };
  followQueues(parts, term, enqueue, signal);
  const unheard = (err: unknown): void => parts.logger.error({ err }, 'The heartbeats cannot be followed');
  term.workers.watch(parts.heartbeats, signal).catch(unheard);
  await Promise.all([term.pools.untilSynced(), term.deployments.untilSynced(), term.pods.untilSynced()]);
  // A declaration whose resource went while no operator looked.
  const look = (name: string): void => enqueue({ namespace: parts.namespace, name });
  parts.pools.onChange(({ name, owner }) => owner !== undefined && look(name), signal);
  return term;
}

function startInformers(parts: OperatorParts, enqueue: Enqueue, signal: AbortSignal) {
  const { namespace, startInformer } = parts;
  const look = (name: string | undefined): void => {
    if (name !== undefined) enqueue({ namespace, name });
  };
  const base = { namespaces: [namespace], signal };
  const ofWorkers = { ...base, labelSelector: workerSelector };
  return {
    pools: startInformer<WorkerPool>({ ...base, type: workerPoolType, onChange: (pool) => look(pool.metadata.name) }),
    deployments: startInformer<Deployment>({
      ...ofWorkers,
      type: deploymentType,
      onChange: ({ metadata }) => look(metadata.labels?.[poolLabel]),
    }),
    pods: startInformer<Pod>({
      ...ofWorkers,
      type: podType,
      onChange: ({ metadata }) => look(metadata.labels?.[poolLabel]),
    }),
  };
}

function followQueues(parts: OperatorParts, { pace }: Term, enqueue: Enqueue, signal: AbortSignal): void {
  const stop = parts.follower.onChange((change) => {
    pace.observe(change);
    enqueue({ namespace: parts.namespace, name: change.after.state.of.pool }, gathering);
  });
  signal.addEventListener('abort', stop, { once: true });
}
