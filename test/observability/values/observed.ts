// What the API shows of the shared situation, and the counts of metrics that follow from it.

import type { Job, Pool, Transition } from '../../../src/client/index.ts';
import type { Facts } from '../situation/situation.ts';
import { sharedSituation, type SharedSituation } from '../situation/shared.ts';

/** By label values, joined by spaces; without zeros. */
export type Counts = Readonly<Record<string, number>>;

/** A change of a task, with what it was before. */
export interface Change {
  readonly job: Job;
  readonly kind: string;
  readonly before: Transition;
  readonly after: Transition;
}

export interface Observed {
  readonly facts: Facts;
  readonly jobs: readonly Job[];
  readonly changes: readonly Change[];
  readonly pools: readonly Pool[];
}

export async function observe(): Promise<SharedSituation & { observed: Observed }> {
  const shared = await sharedSituation();
  const { client, facts } = shared;
  const jobs = await Promise.all(facts.jobs.map((id) => client.get(id)));
  const changes = await Promise.all(jobs.map(async (job) => changesOf(job, await client.history(job.id))));
  return { ...shared, observed: { facts, jobs, changes: changes.flat(), pools: await client.pools() } };
}

function changesOf(job: Job, history: readonly Transition[]): Change[] {
  const byTask = Map.groupBy(
    history.toSorted((one, other) => one.sequence - other.sequence),
    ({ task }) => task,
  );
  return [...byTask].flatMap(([task, entries]) => {
    const kind = job.tasks![task]!.kind ?? job.kind;
    return entries.slice(1).map((after, at) => ({ job, kind, before: entries[at]!, after }));
  });
}

const openStates = ['queued', 'running', 'waiting', 'needs_review'];
export const isOpen = (state: string): boolean => openStates.includes(state);

/** The sum of what belongs to each key. */
export function sumOf(entries: readonly (readonly [string, number])[]): Counts {
  const sums: Record<string, number> = {};
  for (const [key, value] of entries) sums[key] = (sums[key] ?? 0) + value;
  return Object.fromEntries(Object.entries(sums).filter(([, value]) => value !== 0));
}

/** How often each key occurs. */
export const countOf = (keys: readonly string[]): Counts => sumOf(keys.map((key) => [key, 1]));
