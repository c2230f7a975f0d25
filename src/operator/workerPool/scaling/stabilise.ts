// Scale-up at once, scale-down only to the largest number that was wished for of late: a queue that empties for a moment
// costs no worker.

/** ms; within it the largest wish counts. */
const window = 60_000;

export interface Wished {
  /** Monotonic, ms. */
  readonly at: number;
  readonly replicas: number;
}

/** The wishes that still count, this one included. Who knows of none takes the workers there are for what was wished. */
export function wishesSince(before: readonly Wished[], wish: number, current: number, now: number): Wished[] {
  const recent = before.filter(({ at }) => now - at < window);
  const known = recent.length === 0 ? [{ at: now, replicas: current }] : recent;
  // Of several that are the same only the newest says more.
  return [...known.filter(({ replicas }) => replicas !== wish), { at: now, replicas: wish }];
}

/** How many workers there should be, before bounds. */
export function stabilised(wishes: readonly Wished[], wish: number, current: number): number {
  const largest = Math.max(wish, ...wishes.map(({ replicas }) => replicas));
  return wish >= current ? wish : Math.min(current, largest);
}
