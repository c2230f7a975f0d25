// What open tasks wait for, for views that show many of them: from memory, so that a list stays fast and is answered while NATS
// is away. What it knows about a pool is at most a second old.

import type { Observation, ObservedPool, WaitingFor } from '../job/explain/observation.ts';
import { waitingFor } from '../job/explain/waitingFor.ts';
import type { FullStorage } from '../job/storage.ts';
import { servingPool } from '../job/target.ts';
import { isOpen } from '../job/task.ts';
import { elapsed, type Monotonic } from '../job/time.ts';
import { blocksOf, type Blocks } from './blocks.ts';
import { fullStorage } from './storage.ts';
import { observePools, observeTask, type ExplainContext } from './explain.ts';
import type { TaskVersion } from './list.ts';
import type { Queues } from './queuePlaces.ts';

/** Null for a task that does not wait. */
export type Waits = (task: TaskVersion) => WaitingFor | null;

interface Known {
  readonly at: Monotonic;
  readonly pool: ObservedPool;
  readonly queues: Queues;
}

/** ms. */
const freshFor = 1_000;
/** ms that a view waits for NATS to tell whether a pool is paused. */
const patience = 300;

export class WaitObserver {
  readonly #context: ExplainContext;
  readonly #known = new Map<string, Known>();
  readonly #refreshing = new Map<string, Promise<void>>();

  constructor(context: ExplainContext) {
    this.#context = context;
  }

  /** Never rejects. While NATS does not answer, a pool counts as paused or not as it was known before. */
  async of(tasks: Iterable<TaskVersion>): Promise<Waits> {
    const names = new Set<string>();
    for (const { state } of tasks) if (state.state === 'queued') names.add(servingPool(state));
    await this.#refresh([...names]);
    const blocks = blocksOf(this.#context.keys);
    const storage = fullStorage(this.#context);
    return (task) => this.#waitingFor(task, blocks, storage);
  }

  /** From memory, for a task that was shown to `of` before; undefined if its pool is not known. Never rejects. */
  async observed(task: TaskVersion): Promise<Observation | undefined> {
    const seen = this.#observe(task, blocksOf(this.#context.keys), fullStorage(this.#context));
    if (seen === undefined || seen.block === null || seen.pool.keys === null) return seen;
    // The block is of this moment, so the keys that it is about must be, too.
    const { name, keys: before } = seen.pool;
    const keys = await orElse(async () => (await this.#context.keys?.state(name)) ?? before, before);
    return { ...seen, pool: { ...seen.pool, keys } };
  }

  /** As `of` observed them last. */
  queuesOf(pool: string): Queues | undefined {
    return this.#known.get(pool)?.queues;
  }

  #waitingFor(task: TaskVersion, blocks: Blocks, storage: FullStorage | undefined): WaitingFor | null {
    const { state } = task;
    if (!isOpen(state) || (state.state === 'running' && storage === undefined)) return null;
    const seen = this.#observe(task, blocks, storage);
    return seen === undefined ? null : waitingFor(seen);
  }

  #observe({ state, sequence }: TaskVersion, blocks: Blocks, storage: FullStorage | undefined) {
    const name = servingPool(state);
    const known = this.#known.get(name);
    if (known === undefined && state.state === 'queued') return undefined;
    const pools = new Map(known === undefined ? [] : [[name, known.pool]]);
    const queues = new Map(known === undefined ? [] : [[name, known.queues]]);
    return observeTask(this.#context, { pools, queues, blocks, storage }, { state, sequence });
  }

  async #refresh(names: readonly string[]): Promise<void> {
    const now = this.#context.clock.monotonic();
    const stale = names.filter((name) => {
      const known = this.#known.get(name);
      return known === undefined || elapsed(known.at, now) >= freshFor;
    });
    const started = stale.filter((name) => !this.#refreshing.has(name));
    if (started.length > 0) this.#start(started);
    await Promise.all(stale.map((name) => this.#refreshing.get(name) ?? Promise.resolve()));
  }

  #start(names: readonly string[]): void {
    const refresh = observePools(this.#patientContext(), new Set(names))
      .then(({ pools, queues }) => {
        const at = this.#context.clock.monotonic();
        for (const [name, pool] of pools) this.#known.set(name, { at, pool, queues: queues.get(name)! });
      })
      .finally(() => names.forEach((name) => this.#refreshing.delete(name)));
    for (const name of names) this.#refreshing.set(name, refresh);
  }

  /** The context, whose requests to NATS are answered with what was known before if they fail or take long. */
  #patientContext(): ExplainContext {
    const { keys, queue } = this.#context;
    const before = (name: string): ObservedPool | undefined => this.#known.get(name)?.pool;
    const paused: ExplainContext['queue']['paused'] = (name) =>
      orElse(() => queue.paused(name), before(name)?.paused ?? undefined);
    const context = { ...this.#context, queue: { paused } };
    if (keys === undefined) return context;
    const state = (name: string): ReturnType<typeof keys.state> => orElse(() => keys.state(name), []);
    return {
      ...context,
      keys: { state, block: (...call) => keys.block(...call), outages: (name) => keys.outages(name) },
    };
  }
}

/** The answer, or `fallback` if it fails or is not there in time. */
async function orElse<T>(ask: () => Promise<T>, fallback: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, patience, fallback);
  });
  try {
    return await Promise.race([ask().catch(() => fallback), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a job waits for: its first waiting task, unless one of its tasks runs and does not wait. */
export function jobWaitsFor(tasks: readonly TaskVersion[], waits: Waits): WaitingFor | null {
  if (tasks.some((task) => task.state.state === 'running' && waits(task) === null)) return null;
  for (const task of tasks) {
    const found = waits(task);
    if (found !== null) return found;
  }
  return null;
}
