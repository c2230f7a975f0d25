// The queued tasks of each pool in the order of the stream, by lane and tenant part, so that the place of a task is found without
// a look at the others.

import { placeOf } from '../job/parts.ts';
import { servingPool } from '../job/target.ts';
import type { Instant, Lane, Sequence, TaskState } from '../job/task.ts';
import { SortedSequences } from './sortedSequences.ts';
import { addTo } from './tally.ts';

/** Empty if its last task has left it. */
export interface QueuedPart {
  readonly sequences: Pick<SortedSequences, 'length' | 'first' | 'countBefore'>;
  /** The number of queued tasks of each tenant that has some. */
  readonly tenants: ReadonlyMap<string, number>;
}

interface PartEntry extends QueuedPart {
  readonly sequences: SortedSequences;
  readonly tenants: Map<string, number>;
}

type LaneEntry = Map<number, PartEntry>;

export class QueueOrder {
  readonly #pools = new Map<string, Map<Lane, LaneEntry>>();

  /** Adds a task, or removes it with -1. Tasks that are not queued do not count. */
  count({ state, sequence }: { readonly state: TaskState; readonly sequence: Sequence }, by: 1 | -1): void {
    if (state.state !== 'queued') return;
    const { lane, part: number = 0 } = placeOf(state);
    const parts = this.#lane(servingPool(state), lane);
    const part = parts.get(number) ?? { sequences: new SortedSequences(), tenants: new Map<string, number>() };
    if (by === 1) part.sequences.insert(sequence, state.since);
    else part.sequences.remove(sequence);
    addTo(part.tenants, state.of.tenant, by);
    parts.set(number, part);
  }

  /** The parts of a lane that have or had queued tasks, by number; 0 is the lane itself. They change with the queue. */
  parts(pool: string, lane: Lane): ReadonlyMap<number, QueuedPart> {
    return this.#pools.get(pool)?.get(lane) ?? noParts;
  }

  /** How many tasks are queued in a lane with its parts. */
  length(pool: string, lane: Lane): number {
    let length = 0;
    for (const { sequences } of this.parts(pool, lane).values()) length += sequences.length;
    return length;
  }

  /** When the task at the head of one of the pool's parts was queued that has waited longest; null if none is queued. */
  oldest(pool: string): Instant | null {
    let oldest: Instant | null = null;
    for (const parts of this.#pools.get(pool)?.values() ?? [])
      for (const { sequences } of parts.values())
        if (sequences.first !== undefined) oldest = Math.min(oldest ?? Infinity, sequences.first);
    return oldest;
  }

  clear(): void {
    this.#pools.clear();
  }

  #lane(pool: string, lane: Lane): LaneEntry {
    const lanes = this.#pools.get(pool) ?? new Map<Lane, LaneEntry>();
    this.#pools.set(pool, lanes);
    const parts = lanes.get(lane) ?? new Map<number, PartEntry>();
    lanes.set(lane, parts);
    return parts;
  }
}

const noParts: ReadonlyMap<number, QueuedPart> = new Map();
