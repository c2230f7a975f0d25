// Runs one piece of work at a time, and serves the owners of waiting work round robin.

/** Runs the work when it is its turn. */
export type TakeTurn = <T>(owner: string, work: () => Promise<T>) => Promise<T>;

/** Each owner has a queue: a single piece of work does not wait for all the work of another owner. */
export function takingTurns(): TakeTurn {
  const queues = new Map<string, (() => void)[]>();
  let busy = false;

  function next(): void {
    const [owner, queue] = queues.entries().next().value ?? [];
    busy = owner !== undefined;
    if (owner === undefined || queue === undefined) return;
    const enter = queue.shift()!;
    queues.delete(owner);
    if (queue.length > 0) queues.set(owner, queue);
    enter();
  }

  return async (owner, work) => {
    if (busy) await new Promise<void>((enter) => void queues.set(owner, [...(queues.get(owner) ?? []), enter]));
    busy = true;
    try {
      return await work();
    } finally {
      next();
    }
  };
}
