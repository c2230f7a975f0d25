// Whose turn it is among the lanes of a pool: smooth weighted round robin, high : normal : low as 6 : 3 : 1.

import type { Priority } from '../../../job/task.ts';

const weights: Readonly<Record<Priority, number>> = { high: 6, normal: 3, low: 1 };

export class Turns {
  readonly #credit: Record<Priority, number> = { high: 0, normal: 0, low: 0 };

  /** How many of the next `count` turns each of `lanes` has. */
  allot(lanes: readonly Priority[], count: number): Map<Priority, number> {
    const turns = new Map<Priority, number>();
    if (lanes.length === 0) return turns;
    for (let turn = 0; turn < count; turn += 1) {
      const lane = this.#next(lanes);
      turns.set(lane, (turns.get(lane) ?? 0) + 1);
    }
    return turns;
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
