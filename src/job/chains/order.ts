// The order of a job's tasks by what they wait for: levels, cycles, and the latest time at which each of them starts.

import type { Duration } from '../duration.ts';
import type { TaskIndex } from '../ids.ts';
import type { Instant } from '../time.ts';

/** By task: the tasks that it waits for. */
export type After = readonly (readonly TaskIndex[])[];

export type Levels =
  /** By task: 0 if it waits for none, else one more than the highest level among those that it waits for. */
  | { readonly levels: readonly number[] }
  /** Each waits for the next one, and the last one for the first. */
  | { readonly cycle: readonly TaskIndex[] };

export function levelsOf(after: After): Levels {
  const levels = after.map(() => 0);
  const waitsFor = after.map((tasks) => tasks.length);
  const followers: TaskIndex[][] = after.map(() => []);
  for (const [task, tasks] of after.entries()) for (const one of tasks) followers[one]!.push(task);
  const ready = [...after.keys()].filter((task) => waitsFor[task] === 0);
  for (const task of ready) {
    for (const follower of followers[task]!) {
      levels[follower] = Math.max(levels[follower]!, levels[task]! + 1);
      waitsFor[follower]! -= 1;
      if (waitsFor[follower] === 0) ready.push(follower);
    }
  }
  return ready.length === after.length ? { levels } : { cycle: cycleAmong(after, new Set(ready)) };
}

/** Every task that is not in `acyclic` waits for another such task. */
function cycleAmong(after: After, acyclic: ReadonlySet<TaskIndex>): TaskIndex[] {
  const path: TaskIndex[] = [];
  let task = [...after.keys()].find((one) => !acyclic.has(one))!;
  while (!path.includes(task)) {
    path.push(task);
    task = after[task]!.find((one) => !acyclic.has(one))!;
  }
  return path.slice(path.indexOf(task));
}

export interface Run {
  readonly task: TaskIndex;
  readonly after: readonly TaskIndex[];
  readonly lifetime: Duration;
}

/**
 * By task, the latest time at which those that it waits for have ended, if all of `runs` start at `from`: each after the
 * longest of its chains. Tasks that are not among the runs have ended already. `runs` must not have a cycle.
 */
export function latestStarts(runs: readonly Run[], from: Instant): ReadonlyMap<TaskIndex, Instant> {
  const byTask = new Map(runs.map((run) => [run.task, run]));
  const starts = new Map<TaskIndex, Instant>();
  const levels = levelsAmong(runs);
  for (const run of runs.toSorted((one, other) => levels.get(one.task)! - levels.get(other.task)!)) {
    const ends = run.after.flatMap((one) => {
      const parent = byTask.get(one);
      return parent === undefined ? [] : [starts.get(one)! + parent.lifetime];
    });
    starts.set(run.task, Math.max(from, ...ends));
  }
  return starts;
}

/** The level of each run among the runs. */
export function levelsAmong(runs: readonly Pick<Run, 'task' | 'after'>[]): ReadonlyMap<TaskIndex, number> {
  const places = new Map(runs.map(({ task }, place) => [task, place]));
  const found = levelsOf(runs.map(({ after }) => after.flatMap((one) => places.get(one) ?? [])));
  if ('cycle' in found) throw new RangeError('the tasks wait for each other');
  return new Map(runs.map(({ task }, place) => [task, found.levels[place]!]));
}
