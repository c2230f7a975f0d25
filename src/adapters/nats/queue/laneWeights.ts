// Shares polls among the lanes of a pool: smooth weighted round robin by the weights of the lanes.

import { laneWeights, type WeightedLane } from '../../../job/lanes.ts';

export const weightedLanes: readonly WeightedLane[] = ['high', 'normal', 'low', 'guest'];

export class LaneWeights {
  readonly #credit: Record<WeightedLane, number> = { high: 0, normal: 0, low: 0, guest: 0 };

  /** How many of the next `count` messages to take from each of `lanes`. */
  allot(lanes: readonly WeightedLane[], count: number): Map<WeightedLane, number> {
    const shares = new Map<WeightedLane, number>();
    if (lanes.length === 0) return shares;
    for (let message = 0; message < count; message += 1) {
      const lane = this.#next(lanes);
      shares.set(lane, (shares.get(lane) ?? 0) + 1);
    }
    return shares;
  }

  #next(lanes: readonly WeightedLane[]): WeightedLane {
    let total = 0;
    for (const lane of lanes) {
      this.#credit[lane] += laneWeights[lane];
      total += laneWeights[lane];
    }
    const next = lanes.reduce((best, lane) => (this.#credit[lane] > this.#credit[best] ? lane : best));
    this.#credit[next] -= total;
    return next;
  }
}
