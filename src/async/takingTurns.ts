// Runs one piece of work at a time. The owners of waiting work are served round robin, and light work before heavy work.

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
  const queues = new Map<string, Waiting[]>();
  let busy = false;

  function wait({ owner, patience }: Work): Promise<void> {
    return new Promise((enter) => {
      const waiting = { rank: now() + patience, enter };
      const queue = queues.get(owner) ?? [];
      const at = queue.findIndex(({ rank }) => rank > waiting.rank);
      queues.set(owner, queue.toSpliced(at < 0 ? queue.length : at, 0, waiting));
    });
  }

  function next(): void {
    const [owner, queue] = queues.entries().next().value ?? [];
    busy = owner !== undefined;
    if (owner === undefined || queue === undefined) return;
    const [first, ...rest] = queue;
    queues.delete(owner);
    if (rest.length > 0) queues.set(owner, rest);
    first!.enter();
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
