// Doing a fault again and again: how many times, until when, and to whom.

import { until } from '../../test/support/until.ts';
import type { Fleet, FleetWorker } from './fleet.ts';
import type { Struck } from './record.ts';

export interface Plan {
  readonly count: number;
  /** No further fault is begun after this moment, ms of `performance.now()`. */
  readonly deadline: number;
}

export interface Done<T> {
  readonly faults: number;
  readonly results: readonly T[];
  readonly note?: string;
}

/** One after the other. What one of them throws ends the row, and is said below it: the other rows are measured all the same. */
export async function repeat<T>({ count, deadline }: Plan, fault: () => Promise<readonly T[]>): Promise<Done<T>> {
  const results: T[] = [];
  for (let done = 0; done < count; done += 1) {
    if (performance.now() > deadline) return { faults: done, results, note: `time was up after ${done} of ${count}` };
    try {
      results.push(...(await fault()));
    } catch (error) {
      return { faults: done, results, note: `ended after ${done} of ${count}: ${String(error)}` };
    }
  }
  return { faults: count, results };
}

/** The worker that runs the most, once one runs anything. */
export async function busiest({ workers, record }: Fleet): Promise<FleetWorker> {
  const runs = ({ name }: FleetWorker): number => record.runningOn(name);
  const pick = (): FleetWorker | undefined =>
    workers.filter((worker) => runs(worker) > 0).toSorted((one, other) => runs(other) - runs(one))[0];
  return until(pick, { what: 'a worker that runs something', timeoutMs: 30_000 });
}

/** Waits until every task that the worker ran at the moment runs elsewhere or is terminal. */
export async function recovered(fleet: Fleet, worker: FleetWorker, at: number): Promise<Struck[]> {
  const all = (): Struck[] | undefined => {
    const struck = fleet.record.struck(worker.name, at);
    // By then the observer has heard of every claim from before.
    const complete = Date.now() - at >= 900 && struck.every((task) => task.recovered !== undefined);
    return complete ? struck : undefined;
  };
  return until(all, { what: `the tasks of ${worker.name} to run elsewhere`, timeoutMs: 30_000, intervalMs: 25 });
}

export const times = (struck: readonly Struck[]): number[] => struck.map((task) => task.recovered!);
