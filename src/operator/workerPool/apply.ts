// Applies a decision: marks the pods to delete first, then writes the children that differ, and the pool's status.

import { elapsed } from '../../job/time.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import { type ApplyConfiguration, KubeError } from '../../ports/kubernetes.ts';
import type { OperatorContext } from '../context.ts';
import {
  configMapType,
  type Deployment,
  deploymentType,
  disruptionBudgetType,
  podType,
} from '../resources/builtInKinds.ts';
import { apiVersion, workerPoolType } from '../resources/kinds.ts';
import type { WorkerPool, WorkerPoolStatus } from '../resources/workerPool.ts';
import type { Children } from './children/index.ts';
import { configHash, keysHash } from './children/names.ts';
import { count } from './decide/desiredReplicas.ts';
import type { Obstacle } from './decide/index.ts';
import { deletionCost, type ScaleIn } from './decide/scaleIn.ts';
import type { ObservedPool } from './observe/index.ts';
import type { PoolState } from './reconcileState.ts';

/** ms after which unchanged children are applied again: not all are watched, and one may have been deleted. */
const reapplyAfter = 60_000;

export async function markPods(
  { cluster, clock }: OperatorContext,
  state: PoolState,
  observed: ObservedPool,
  { marks }: ScaleIn,
) {
  if (marks.length === 0) return;
  const { namespace } = observed.pool.metadata;
  for (const { pod, cost } of marks)
    await cluster.annotate(podType, { namespace, name: pod }, { [deletionCost]: cost });
  state.markedAt = clock.monotonic();
}

/** Returns a rejection by the API server as an obstacle; throws any other error. */
export async function applyChildren(
  context: OperatorContext,
  state: PoolState,
  observed: ObservedPool,
  children: Children,
): Promise<Obstacle | undefined> {
  if (!isDue(state, observed, children)) return undefined;
  const { cluster, clock } = context;
  try {
    await cluster.apply(configMapType, children.configMap);
    await cluster.apply(disruptionBudgetType, children.disruptionBudget);
    const deployment = await cluster.apply<Deployment>(deploymentType, children.deployment);
    state.applied = { at: clock.monotonic(), text: JSON.stringify(children), deployment };
  } catch (error) {
    state.applied = undefined;
    return refusal(error);
  }
  recordChanges(context, observed, children.deployment);
  return undefined;
}

function isDue({ applied }: PoolState, { deployment, now }: ObservedPool, children: Children): boolean {
  if (applied === undefined || applied.text !== JSON.stringify(children)) return true;
  if (elapsed(applied.at, now) >= reapplyAfter) return true;
  // The cache may not have the Deployment that was just applied.
  if (deployment === undefined || deployment.metadata.uid !== applied.deployment.metadata.uid)
    return elapsed(applied.at, now) > 3_000;
  return (deployment.metadata.generation ?? 0) > (applied.deployment.metadata.generation ?? 0);
}

function refusal(error: unknown): Obstacle {
  if (!(error instanceof KubeError)) throw error;
  if (error.status === 400 || error.status === 422) {
    return { reason: 'InvalidTemplate', message: `The API server rejected the workers: ${error.message}` };
  }
  if (error.status === 403)
    return { reason: 'Forbidden', message: `The operator may not create the workers: ${error.message}` };
  throw error;
}

function recordChanges(
  context: OperatorContext,
  { pool, deployment, load }: ObservedPool,
  applied: ApplyConfiguration,
): void {
  const { replicas, template } = applied['spec'] as NonNullable<Deployment['spec']> & { replicas: number };
  const record = (reason: string, action: string, note: string): void => {
    context.recorder.record(pool, { type: 'Normal', reason, action, note });
    logEvent(context.logger, 'pool_deployment_changed', { pool: pool.metadata.name, replicas }, note);
  };
  if (deployment === undefined)
    return record('Created', 'Create', `Created Deployment ${applied.metadata.name} with ${count(replicas)}`);
  const before = deployment.spec?.replicas ?? 0;
  if (replicas !== before) {
    const why = load === undefined ? '' : ` (${load.queued} queued, ${load.running} running)`;
    record(replicas > before ? 'ScaledUp' : 'ScaledDown', 'Scale', `Scaled from ${before} to ${count(replicas)}${why}`);
  }
  const [old, fresh] = [deployment.spec?.template?.metadata?.annotations, template?.metadata?.annotations];
  if (old?.[keysHash] !== fresh?.[keysHash])
    record('KeysChanged', 'RollOut', 'The API keys changed: replacing the workers');
  else if (old?.[configHash] !== fresh?.[configHash]) {
    record('ConfigurationChanged', 'RollOut', 'The configuration of the pool changed: replacing the workers');
  }
}

/** Does nothing if the resource no longer exists. Throws `KubeError`. */
export async function writeStatus(
  { cluster, clock }: Pick<OperatorContext, 'cluster' | 'clock'>,
  state: PoolState,
  { metadata: { name, namespace, uid } }: WorkerPool,
  status: WorkerPoolStatus,
): Promise<void> {
  const { kind } = workerPoolType;
  await cluster.applyStatus<WorkerPool>(workerPoolType, {
    apiVersion,
    kind,
    metadata: { name, namespace, uid },
    status,
  });
  state.written = { at: clock.monotonic(), status };
}
