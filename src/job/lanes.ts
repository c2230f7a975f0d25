// How the lanes of a pool share its deliveries: `again` is served first, the others by weight.

import type { Lane } from './task.ts';

export type WeightedLane = Exclude<Lane, 'again'>;

/** While all of them have tasks, they are served in this ratio. Guests count as normal. */
export const laneWeights: Readonly<Record<WeightedLane, number>> = { high: 6, normal: 3, low: 1, guest: 3 };

export interface Line {
  readonly queued: number;
  readonly weight: number;
}

/** About how many tasks of the other lines are served before the one that has `before` tasks ahead of it in its own line. */
export function servedMeanwhile(before: number, weight: number, others: readonly Line[]): number {
  const rounds = (before + 1) / weight;
  return others.reduce((sum, other) => sum + Math.min(other.queued, Math.floor(rounds * other.weight)), 0);
}
