// Shares polls among the lanes of a pool: smooth weighted round robin, high : normal : low as 6 : 3 : 1.

import type { Priority } from '../../../job/task.ts';

const weights: Readonly<Record<Priority, number>> = { high: 6, normal: 3, low: 1 };

export class LaneWeights {
  readonly #credit: Record<Priority, number> = { high: 0, normal: 0, low: 0 };

  /** How many of the next `count` messages to take from each of `lanes`. */
  allot(lanes: readonly Priority[], count: number): Map<Priority, number> {
    const shares = new Map<Priority, number>();
    if (lanes.length === 0) return shares;
    for (let message = 0; message < count; message += 1) {
      const lane = this.#next(lanes);
      shares.set(lane, (shares.get(lane) ?? 0) + 1);
    }
    return shares;
  }

  #next(lanes: readonly Priority[]): Priority {
    let total = 0;
    for (const lane of lanes) {
      this.#credit[lane] += weights[lane];
      total += weights[lane];
    }
    const next = lanes.reduce((best, lane) => (this.#credit[lane] > this.#credit[best] ? lane : best));
    this.#credit[next] -= total;
    return next;
  }
}
