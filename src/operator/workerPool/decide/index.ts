// Decides what to do about an observed pool: how many workers, which pods to delete first, and what prevents it. Pure.

import { parseDuration } from '../../../job/duration.ts';
import { settingOf } from '../../../job/providers.ts';
import { childrenOf, type Children } from '../children/index.ts';
import { variableOf, type WorkerTemplate } from '../children/workerTemplate.ts';
import type { PoolState } from '../reconcileState.ts';
import type { ObservedPool } from '../observe/index.ts';
import { desiredReplicas, count, type DesiredReplicas, type Scaling } from './desiredReplicas.ts';
import { slotsFedBy, type Demand, type KeyLimits } from './demand.ts';
import { scaleIn, type ScaleIn } from './scaleIn.ts';

export interface Obstacle {
  /** CamelCase: a reason of the condition Ready. */
  readonly reason: string;
  readonly message: string;
}

export type Decision =
  /** The children are not changed. */
  | { readonly obstacle: Obstacle; readonly desired: DesiredReplicas }
  | {
      readonly obstacle: undefined;
      readonly desired: DesiredReplicas;
      readonly scaleIn: ScaleIn;
      readonly scaling: Scaling;
      readonly children: Children;
    };

export function decide(observed: ObservedPool, state: Pick<PoolState, 'recommendations' | 'markedAt'>): Decision {
  const { spec, template, keys, deployment, pool } = observed;
  const current = deployment?.spec?.replicas ?? 0;
  const demand = 'problem' in template ? undefined : demandOf(observed, template.template);
  const { replicas, autoscaling } = spec;
  const desired = desiredReplicas({
    replicas,
    autoscaling,
    demand,
    current,
    recommendations: state.recommendations,
    now: observed.now,
  });
  const obstacle = obstacleOf(observed);
  if (obstacle !== undefined || 'problem' in template || !('hash' in keys)) {
    return { obstacle: obstacle ?? { reason: 'Unknown', message: '' }, desired };
  }
  const { markedAt } = state;
  const step = scaleIn({
    desired,
    current,
    pods: observed.workerPods,
    rolling: isRolling(observed),
    markedAt,
    now: observed.now,
  });
  const { metadata } = pool;
  const children = childrenOf({
    metadata,
    spec,
    template: template.template,
    keysHash: keys.hash,
    replicas: step.replicas,
  });
  return { obstacle: undefined, desired, scaleIn: step, scaling: scalingOf(desired, step), children };
}

function demandOf(observed: ObservedPool, template: WorkerTemplate): Demand | undefined {
  const { load, spec, meanAttemptMs, paused } = observed;
  if (load === undefined) return undefined;
  return {
    queued: load.queued,
    running: load.running,
    meanAttemptMs,
    targetQueueMs: parseDuration(spec.autoscaling?.targetQueueTime ?? '') ?? 30_000,
    concurrency: spec.concurrency,
    keySlots: slotsFedBy(keyLimits(observed, template), meanAttemptMs),
    paused,
  };
}

/** Limits that a key does not set come from the settings of the workers. */
function keyLimits({ spec }: ObservedPool, template: WorkerTemplate): KeyLimits[] {
  const flat = (name: string, otherwise: number): number => {
    const ofPool = spec.template?.env?.find((variable) => variable.name === name)?.value;
    return Number(ofPool ?? variableOf(template, name)) || otherwise;
  };
  return spec.keys.map(({ requestsPerMinute, maxInFlight }) => ({
    requestsPerMinute: requestsPerMinute ?? flat(settingOf(spec.provider, 'REQUESTS_PER_MINUTE'), 10),
    maxInFlight: maxInFlight ?? flat(settingOf(spec.provider, 'MAX_IN_FLIGHT'), 1_000),
  }));
}

function obstacleOf({ template, keys, deployment, pool }: ObservedPool): Obstacle | undefined {
  if ('problem' in template) return { reason: 'InvalidTemplate', message: template.problem };
  if ('reason' in keys) return keys;
  if (deployment === undefined) return undefined;
  const owner = deployment.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined || owner.uid === pool.metadata.uid) return undefined;
  const what = `Deployment ${deployment.metadata.name}`;
  if (owner.kind === pool.kind && owner.name === pool.metadata.name) {
    return {
      reason: 'Replacing',
      message: `${what} belongs to a deleted WorkerPool of the same name; waiting for Kubernetes to remove it`,
    };
  }
  return {
    reason: 'NameTaken',
    message: `${what} belongs to ${owner.kind} ${owner.name}; delete it or rename the pool`,
  };
}

/** Pods of two generations exist, or the Deployment controller has not yet observed the latest spec. */
function isRolling({ deployment }: ObservedPool): boolean {
  const { observedGeneration = 0, updatedReplicas = 0, replicas = 0 } = deployment?.status ?? {};
  return observedGeneration < (deployment?.metadata.generation ?? 0) || updatedReplicas < replicas;
}

function scalingOf({ replicas, scaling }: DesiredReplicas, step: ScaleIn): Scaling {
  if (step.waitsFor !== 'busy') return scaling;
  const message = `${count(step.replicas)}: ${count(replicas)} would suffice, but the others are busy; each is removed once it is idle`;
  return { status: 'True', reason: 'BusyPodsKept', message };
}
