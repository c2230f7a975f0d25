// Repeats a fault: how many times, until when, and on which worker.

import { until } from '../../test/support/until.ts';
import type { Fleet, FleetWorker } from './fleet.ts';
import type { Struck } from './record.ts';

export interface Plan {
  readonly count: number;
  /** No fault starts after this moment, ms of `performance.now()`. */
  readonly deadline: number;
}

export interface Done<T> {
  readonly faults: number;
  readonly results: readonly T[];
  readonly note?: string;
}

/** One after the other. An error ends the row and becomes its note; the other rows are still measured. */
export async function repeat<T>({ count, deadline }: Plan, fault: () => Promise<readonly T[]>): Promise<Done<T>> {
  const results: T[] = [];
  for (let done = 0; done < count; done += 1) {
    if (performance.now() > deadline)
      return { faults: done, results, note: `stopped at the time limit after ${done} of ${count}` };
    try {
      results.push(...(await fault()));
    } catch (error) {
      return { faults: done, results, note: `failed after ${done} of ${count}: ${String(error)}` };
    }
  }
  return { faults: count, results };
}

/** The worker that runs the most tasks, once any runs one. */
export async function busiest({ workers, record }: Fleet): Promise<FleetWorker> {
  const runs = ({ name }: FleetWorker): number => record.runningOn(name);
  const pick = (): FleetWorker | undefined =>
    workers.filter((worker) => runs(worker) > 0).toSorted((one, other) => runs(other) - runs(one))[0];
  return until(pick, { what: 'a worker that runs something', timeoutMs: 30_000 });
}

/** Waits until every task that the worker was running runs elsewhere or is terminal. */
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
