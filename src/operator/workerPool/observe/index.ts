// Observes one pool: its resource, children, keys, queue and workers. Pods are joined with the heartbeats of the workers in them.

import { elapsed, type Monotonic } from '../../../job/time.ts';
import type { Beat } from '../../../ports/heartbeats.ts';
import type { OperatorContext } from '../../context.ts';
import { conditionOf, type Deployment, type Pod } from '../../resources/builtInKinds.ts';
import type { WorkerPool, WorkerPoolSpec } from '../../resources/workerPool.ts';
import { childName, poolLabel } from '../children/names.ts';
import type { ParsedTemplate } from '../children/workerTemplate.ts';
import { deletionCost, type WorkerPod } from '../decide/scaleIn.ts';
import type { PoolState, Term } from '../reconcileState.ts';
import { type ObservedKeys, readKeys } from './keySecrets.ts';
import { loadOf, type PoolLoad, runningByWorker } from './poolLoad.ts';

export interface ObservedPool {
  readonly pool: WorkerPool;
  readonly spec: WorkerPoolSpec;
  readonly template: ParsedTemplate;
  readonly keys: ObservedKeys;
  readonly deployment: Deployment | undefined;
  readonly pods: readonly Pod[];
  readonly workerPods: readonly WorkerPod[];
  readonly load: PoolLoad | undefined;
  readonly meanAttemptMs: number;
  readonly paused: boolean;
  /** Monotonic, ms. */
  readonly now: Monotonic;
}

/** How long the values of Secrets are cached, ms; shorter while one is missing. */
const keysKnownFor = 10_000;
const missingKeysKnownFor = 3_000;

/** Throws `KubeError` if a Secret cannot be read. */
export async function observe(
  context: OperatorContext,
  term: Term,
  pool: WorkerPool,
  spec: WorkerPoolSpec,
  paused: boolean,
): Promise<ObservedPool> {
  const { follower, clock } = context;
  const { name, namespace } = pool.metadata;
  const state = term.states.of(pool.metadata);
  const pods = term.pods.list().filter(({ metadata }) => metadata.labels?.[poolLabel] === name);
  const source = { index: follower.index, ready: () => follower.ready() };
  const beats = term.workers.list().flatMap(({ beat }) => (beat.pool === name ? beat : []));
  return {
    pool,
    spec,
    template: term.template,
    keys: await keysOf(context, state, pool, spec),
    deployment: newest(term.deployments.get({ namespace, name: childName(name) }), state.applied?.deployment),
    pods,
    workerPods: workerPods(pods, beats, runningByWorker(source, name)),
    load: loadOf(source, name),
    meanAttemptMs: term.attemptDurations.mean(name),
    paused,
    now: clock.monotonic(),
  };
}

/** The cache may be older than the operator's own last write. */
function newest(cached: Deployment | undefined, applied: Deployment | undefined): Deployment | undefined {
  if (cached === undefined || applied === undefined || cached.metadata.uid !== applied.metadata.uid) return cached;
  return (applied.metadata.generation ?? 0) > (cached.metadata.generation ?? 0) ? applied : cached;
}

async function keysOf(
  { cluster, clock }: OperatorContext,
  state: PoolState,
  { metadata }: WorkerPool,
  spec: WorkerPoolSpec,
): Promise<ObservedKeys> {
  const now = clock.monotonic();
  const of = JSON.stringify(spec.keys);
  const known = state.keys;
  if (known !== undefined && known.of === of) {
    const lasts = 'hash' in known.observed ? keysKnownFor : missingKeysKnownFor;
    if (elapsed(known.at, now) < lasts) return known.observed;
  }
  const observed = await readKeys(cluster, metadata, spec);
  state.keys = { at: now, of, observed };
  return observed;
}

/**
 * The pods that are not terminating. The host name of a pod is its name. `running` is the number of tasks that the stream lists
 * for each worker. A ready pod without heartbeats may be busy; a pod that is not ready holds no tasks.
 */
export function workerPods(
  pods: readonly Pod[],
  beats: readonly Beat[],
  running: ReadonlyMap<string, number>,
): WorkerPod[] {
  return pods.filter(isStaying).map((pod) => {
    const { name, annotations } = pod.metadata;
    const ready = conditionOf(pod, 'Ready')?.status === 'True';
    const workers = beats.filter(({ host }) => host === name);
    const tasks = workers.reduce((sum, beat) => sum + Math.max(beat.tasks.length, running.get(beat.worker) ?? 0), 0);
    return {
      name,
      ready,
      cost: Number(annotations?.[deletionCost] ?? 0) || 0,
      tasks: workers.length === 0 && ready ? undefined : tasks,
    };
  });
}

const isStaying = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
