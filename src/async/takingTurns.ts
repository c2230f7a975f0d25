// Runs one piece of work at a time. The owners of waiting work are served round robin, and light work before heavy work.

import { FairQueue } from './fairQueue.ts';

export interface Work {
  readonly owner: string;
  /** How long light work that arrives later may overtake it, ms. */
  readonly patience: number;
}

/** Runs the work when it is its turn. */
export type TakeTurn = <T>(about: Work, run: () => Promise<T>) => Promise<T>;

interface Waiting {
  /** The time from which on later work does not overtake it. */
  readonly rank: number;
  readonly enter: () => void;
}

/**
 * Each owner has a queue, so a single piece of work does not wait for all the work of another owner. `now` is a monotonic time,
 * ms.
 */
export function takingTurns(now: () => number): TakeTurn {
  const queue = new FairQueue<Waiting>();
  let busy = false;

  function wait({ owner, patience }: Work): Promise<void> {
    return new Promise((enter) => {
      const rank = now() + patience;
      queue.add(owner, { rank, enter }, (other) => other.rank > rank);
    });
  }

  function next(): void {
    const turn = queue.take();
    busy = turn !== undefined;
    turn?.done();
    turn?.item.enter();
  }

  return async (about, run) => {
    if (busy) await wait(about);
    busy = true;
    try {
      return await run();
    } finally {
      next();
    }
  };
}
