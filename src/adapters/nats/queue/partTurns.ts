// Shares polls among the parts of a pool's queue by smooth weighted round robin: first among the lanes, high : normal : guest : low
// as 6 : 3 : 3 : 1, then among the lane and its tenant parts, by the weights of the tenants that have tasks there. Pure.

import { laneWeights } from '../../../job/lanes.ts';
import type { QueuePart } from '../../../job/parts.ts';
import type { Lane } from '../../../job/task.ts';

export interface WeightedPart extends QueuePart {
  readonly weight: number;
}

export class PartTurns {
  readonly #lanes = new Turns<Lane>();
  readonly #parts = new Map<Lane, Turns<number>>();

  /** How many of the next `count` messages to take from each of these parts. */
  allot<Part extends WeightedPart>(parts: readonly Part[], count: number): Map<Part, number> {
    const shares = new Map<Part, number>();
    if (parts.length === 0) return shares;
    const lanes = Map.groupBy(parts, ({ lane }) => lane);
    const turns = [...lanes.keys()].map((lane) => ({ of: lane, weight: lane === 'again' ? 0 : laneWeights[lane] }));
    for (let message = 0; message < count; message += 1) {
      const lane = this.#lanes.next(turns);
      const part = this.#nextPart(lane, lanes.get(lane)!);
      shares.set(part, (shares.get(part) ?? 0) + 1);
    }
    return shares;
  }

  #nextPart<Part extends WeightedPart>(lane: Lane, parts: readonly Part[]): Part {
    const turns = this.#parts.get(lane) ?? new Turns<number>();
    this.#parts.set(lane, turns);
    const number = turns.next(parts.map(({ part = 0, weight }) => ({ of: part, weight })));
    return parts.find(({ part = 0 }) => part === number)!;
  }
}

/** Smooth weighted round robin: each turn, everyone gains its weight, and the richest pays for all. */
class Turns<T> {
  readonly #credit = new Map<T, number>();

  next(candidates: readonly { readonly of: T; readonly weight: number }[]): T {
    let total = 0;
    let next = candidates[0]!.of;
    for (const { of, weight } of candidates) {
      total += weight;
      this.#credit.set(of, (this.#credit.get(of) ?? 0) + weight);
      if (this.#credit.get(of)! > this.#credit.get(next)!) next = of;
    }
    this.#credit.set(next, this.#credit.get(next)! - total);
    return next;
  }
}
