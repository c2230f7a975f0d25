// The lanes of a pool's queue, and how they share its deliveries: `again` is served first, the others by weight.

export type Priority = 'high' | 'normal' | 'low';
/**
 * A part of a pool's queue. Tasks whose attempt was lost or is retried go to `again`, which is served first. `guest` holds
 * tasks of other pools that fell back to this one.
 */
export type Lane = 'again' | Priority | 'guest';
export const lanes: readonly Lane[] = ['again', 'high', 'normal', 'low', 'guest'];

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
