// How many tasks are overdue, by pool and by tenant. A count looks at every open task, so requests get the latest one.

import type { Duration } from '../job/duration.ts';
import { servingPool } from '../job/target.ts';
import { elapsed, longAgo } from '../job/time.ts';
import type { JobsContext } from './context.ts';

type OverdueContext = Pick<JobsContext, 'follower' | 'clock'>;

export interface Overdue {
  /** Of every pool with indexed tasks. */
  readonly pools: ReadonlyMap<string, number>;
  /** Only tenants with overdue tasks. */
  readonly tenants: ReadonlyMap<string, number>;
  readonly all: number;
}

/** ms after its `dueAt` that a controller may take to move a task. */
const grace = 15_000;

/** ms for which a count is the latest one. */
export const overdueKnownFor: Duration = 5_000;

/** A healthy installation has no overdue tasks: a leading controller moves them in time. */
export function countOverdue({ follower, clock }: OverdueContext): Overdue {
  const pools = new Map<string, number>([...follower.index.counts().keys()].map((pool) => [pool, 0]));
  const tenants = new Map<string, number>();
  const latest = clock.now() - grace;
  let all = 0;
  for (const { state } of follower.index.openTasks()) {
    if (!('dueAt' in state) || state.dueAt >= latest) continue;
    const [pool, { tenant }] = [servingPool(state), state.of];
    pools.set(pool, (pools.get(pool) ?? 0) + 1);
    tenants.set(tenant, (tenants.get(tenant) ?? 0) + 1);
    all += 1;
  }
  return { pools, tenants, all };
}

export class OverdueTally {
  readonly #context: OverdueContext;
  #counted: Overdue = { pools: new Map(), tenants: new Map(), all: 0 };
  #at = longAgo;

  constructor(context: OverdueContext) {
    this.#context = context;
  }

  /** Counts again unless the last count is younger than `overdueKnownFor`. */
  latest(): Overdue {
    const now = this.#context.clock.monotonic();
    if (elapsed(this.#at, now) >= overdueKnownFor) {
      this.#counted = countOverdue(this.#context);
      this.#at = now;
    }
    return this.#counted;
  }
}
