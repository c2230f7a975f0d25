// How many workers a pool should have: spec.replicas, or what the queue needs within the autoscaling bounds. Scale-up is
// immediate; scale-down goes only to the highest demand of the last minute, so that a briefly empty queue costs no worker.

import type { Stated } from '../../resources/conditions.ts';
import { type Demand, wishFor } from './demand.ts';

export interface AutoscalingBounds {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

export interface AimSight {
  /** What the resource says where it does not autoscale. */
  readonly replicas: number;
  readonly autoscaling: AutoscalingBounds | undefined;
  /** Undefined while the queue cannot be seen. */
  readonly demand: Demand | undefined;
  /** What the Deployment asks for now; 0 without one. */
  readonly current: number;
  readonly wishes: readonly Wished[];
  /** Monotonic, ms. */
  readonly now: number;
}

export type Scaling = Omit<Stated<'Scaling'>, 'type'>;

export interface Aim {
  readonly replicas: number;
  /** A person's bound: workers above it go, busy or not. */
  readonly atMost: number;
  readonly scaling: Scaling;
  readonly wishes: readonly Wished[];
}

export function aimOf(sight: AimSight): Aim {
  const { replicas, autoscaling, demand, wishes } = sight;
  if (autoscaling === undefined) {
    const message = `${count(replicas)}, as spec.replicas says`;
    return { replicas, atMost: replicas, wishes: [], scaling: { status: 'True', reason: 'Fixed', message } };
  }
  if (demand === undefined) {
    const kept = within(autoscaling, sight.current);
    const message = 'The queue cannot be seen at the moment: the workers stay as many as they are';
    return { replicas: kept, atMost: kept, wishes, scaling: { status: 'False', reason: 'QueueUnknown', message } };
  }
  return autoscaled(sight, autoscaling, demand);
}

function autoscaled({ current, wishes: before, now }: AimSight, bounds: AutoscalingBounds, demand: Demand): Aim {
  const wish = wishFor(demand);
  const wishes = wishesSince(before, wish.replicas, current, now);
  const wanted = stabilised(wishes, wish.replicas, current);
  const replicas = within(bounds, wanted);
  const scaling = scalingOf({
    wish: wish.replicas,
    wanted,
    replicas,
    current,
    bounds,
    limitedByKeys: wish.limitedByKeys,
    demand,
  });
  return { replicas, atMost: bounds.maxReplicas, wishes, scaling };
}

const within = ({ minReplicas, maxReplicas }: AutoscalingBounds, replicas: number): number =>
  Math.min(maxReplicas, Math.max(minReplicas, replicas));

interface Outcome {
  readonly wish: number;
  readonly wanted: number;
  readonly replicas: number;
  readonly current: number;
  readonly bounds: AutoscalingBounds;
  readonly limitedByKeys: boolean;
  readonly demand: Demand;
}

function scalingOf({ wish, wanted, replicas, current, bounds, limitedByKeys, demand }: Outcome): Scaling {
  const now = count(replicas);
  if (demand.paused && demand.queued > 0) {
    return { status: 'False', reason: 'Paused', message: `${now}: the pool is paused, so the queue asks for none` };
  }
  if (wanted > bounds.maxReplicas) {
    const message = `${now}: the queue asks for ${wanted}, maxReplicas allows ${bounds.maxReplicas}`;
    return { status: 'False', reason: 'LimitedByMaximum', message };
  }
  if (limitedByKeys) {
    const message = `${now}: the keys' limits of requests would leave more of them without work; add keys`;
    return { status: 'False', reason: 'LimitedByKeys', message };
  }
  if (replicas > current) return { status: 'True', reason: 'ScalingUp', message: `From ${current} to ${now}` };
  if (replicas < current) return { status: 'True', reason: 'ScalingDown', message: `From ${current} to ${now}` };
  if (replicas === 0) {
    return { status: 'True', reason: 'ScaledToZero', message: 'No worker while nothing is queued' };
  }
  return { status: 'True', reason: 'DesiredWithinRange', message: `${now}, ${whyAsMany(wish, wanted, bounds)}` };
}

function whyAsMany(wish: number, wanted: number, { minReplicas }: AutoscalingBounds): string {
  if (wanted < minReplicas) return 'as minReplicas says';
  return wish < wanted ? 'as the queue asked for within the last minute' : 'as the queue asks for';
}

export const count = (workers: number): string => `${workers} worker${workers === 1 ? '' : 's'}`;

/** ms; within it the largest wish counts. */
const window = 60_000;

export interface Wished {
  /** Monotonic, ms. */
  readonly at: number;
  readonly replicas: number;
}

/** The wishes that still count, this one included. Who knows of none takes the workers there are for what was wished. */
function wishesSince(before: readonly Wished[], wish: number, current: number, now: number): Wished[] {
  const recent = before.filter(({ at }) => now - at < window);
  const known = recent.length === 0 ? [{ at: now, replicas: current }] : recent;
  // Of several that are the same only the newest says more.
  return [...known.filter(({ replicas }) => replicas !== wish), { at: now, replicas: wish }];
}

/** How many workers there should be, before bounds. */
function stabilised(wishes: readonly Wished[], wish: number, current: number): number {
  const largest = Math.max(wish, ...wishes.map(({ replicas }) => replicas));
  return wish >= current ? wish : Math.min(current, largest);
}
