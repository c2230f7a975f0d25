// How many workers a pool should have: spec.replicas, or what the queue needs within the autoscaling bounds. Scale-up is
// immediate; scale-down goes only to the highest demand of the last minute, so that a briefly empty queue costs no worker.

import { elapsed, type Monotonic } from '../../../job/time.ts';
import type { NewCondition } from '../../resources/conditions.ts';
import { type Demand, recommend } from './demand.ts';

export interface AutoscalingBounds {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

export interface ReplicasInput {
  /** spec.replicas, for a pool without autoscaling. */
  readonly replicas: number;
  readonly autoscaling: AutoscalingBounds | undefined;
  /** Undefined while the queue length is unknown. */
  readonly demand: Demand | undefined;
  /** The current spec.replicas of the Deployment; 0 without one. */
  readonly current: number;
  readonly recommendations: readonly PastRecommendation[];
  /** Monotonic, ms. */
  readonly now: Monotonic;
}

export type Scaling = Omit<NewCondition<'Scaling'>, 'type'>;

export interface DesiredReplicas {
  readonly replicas: number;
  /** A limit set in the spec: workers above it are removed even when busy. */
  readonly atMost: number;
  readonly scaling: Scaling;
  readonly recommendations: readonly PastRecommendation[];
}

export function desiredReplicas(input: ReplicasInput): DesiredReplicas {
  const { replicas, autoscaling, demand, recommendations } = input;
  if (autoscaling === undefined) {
    const message = `${count(replicas)}, as set by spec.replicas`;
    return { replicas, atMost: replicas, recommendations: [], scaling: { status: 'True', reason: 'Fixed', message } };
  }
  if (demand === undefined) {
    const kept = within(autoscaling, input.current);
    const message = 'The queue length is currently unknown, so the number of workers stays the same';
    return {
      replicas: kept,
      atMost: kept,
      recommendations,
      scaling: { status: 'False', reason: 'QueueUnknown', message },
    };
  }
  return autoscaled(input, autoscaling, demand);
}

function autoscaled(
  { current, recommendations: before, now }: ReplicasInput,
  bounds: AutoscalingBounds,
  demand: Demand,
): DesiredReplicas {
  const recommendation = recommend(demand);
  const recommendations = recentRecommendations(before, recommendation.replicas, current, now);
  const wanted = stabilize(recommendations, recommendation.replicas, current);
  const replicas = within(bounds, wanted);
  const scaling = scalingOf({
    recommendation: recommendation.replicas,
    wanted,
    replicas,
    current,
    bounds,
    limitedByKeys: recommendation.limitedByKeys,
    demand,
  });
  return { replicas, atMost: bounds.maxReplicas, recommendations, scaling };
}

const within = ({ minReplicas, maxReplicas }: AutoscalingBounds, replicas: number): number =>
  Math.min(maxReplicas, Math.max(minReplicas, replicas));

interface Outcome {
  readonly recommendation: number;
  readonly wanted: number;
  readonly replicas: number;
  readonly current: number;
  readonly bounds: AutoscalingBounds;
  readonly limitedByKeys: boolean;
  readonly demand: Demand;
}

function scalingOf({ recommendation, wanted, replicas, current, bounds, limitedByKeys, demand }: Outcome): Scaling {
  const now = count(replicas);
  if (demand.paused && demand.queued > 0) {
    return { status: 'False', reason: 'Paused', message: `${now}: the pool is paused, so its queue needs none` };
  }
  if (wanted > bounds.maxReplicas) {
    const message = `${now}: the queue needs ${wanted}, maxReplicas allows ${bounds.maxReplicas}`;
    return { status: 'False', reason: 'LimitedByMaximum', message };
  }
  if (limitedByKeys) {
    const message = `${now}: more would be idle, because the rate limits of the keys allow no more requests; add keys`;
    return { status: 'False', reason: 'LimitedByKeys', message };
  }
  if (replicas > current) return { status: 'True', reason: 'ScalingUp', message: `Scaling from ${current} to ${now}` };
  if (replicas < current)
    return { status: 'True', reason: 'ScalingDown', message: `Scaling from ${current} to ${now}` };
  if (replicas === 0) {
    return { status: 'True', reason: 'ScaledToZero', message: 'No tasks are queued' };
  }
  return {
    status: 'True',
    reason: 'DesiredWithinRange',
    message: `${now}, ${whyAsMany(recommendation, wanted, bounds)}`,
  };
}

function whyAsMany(recommendation: number, wanted: number, { minReplicas }: AutoscalingBounds): string {
  if (wanted < minReplicas) return 'as set by minReplicas';
  return recommendation < wanted ? 'the most that the queue needed in the last minute' : 'as the queue needs';
}

export const count = (workers: number): string => `${workers} worker${workers === 1 ? '' : 's'}`;

/** The stabilization window, ms: the largest recommendation within it counts. */
const window = 60_000;

export interface PastRecommendation {
  /** Monotonic, ms. */
  readonly at: Monotonic;
  readonly replicas: number;
}

/** The recommendations within the window, including this one. Without any, the current number counts as recommended. */
function recentRecommendations(
  before: readonly PastRecommendation[],
  recommendation: number,
  current: number,
  now: Monotonic,
): PastRecommendation[] {
  const recent = before.filter(({ at }) => elapsed(at, now) < window);
  const known = recent.length === 0 ? [{ at: now, replicas: current }] : recent;
  // Of equal recommendations only the newest matters.
  return [...known.filter(({ replicas }) => replicas !== recommendation), { at: now, replicas: recommendation }];
}

/** The stabilized number of workers, before minReplicas and maxReplicas. */
function stabilize(recommendations: readonly PastRecommendation[], recommendation: number, current: number): number {
  const largest = Math.max(recommendation, ...recommendations.map(({ replicas }) => replicas));
  return recommendation >= current ? recommendation : Math.min(current, largest);
}
