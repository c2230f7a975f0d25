// The order of the queues is what a look at every open task finds, whatever tasks have gone through the index.

import { expect, test } from 'vitest';
import { inPart, partCount, placeOf } from '../../../src/job/parts.ts';
import { servingPool } from '../../../src/job/target.ts';
import { lanes, type Queued, type TaskState } from '../../../src/job/task.ts';
import { monotonicFrom } from '../../../src/job/time.ts';
import { cancelled, claimed, failed, newRun, requeued } from '../../../src/job/transitions.ts';
import { JobIndex, type IndexedTask } from '../../../src/readmodel/jobIndex.ts';
import { oneOf, seededRandom, type Random } from '../../../src/standin/random.ts';
import { anEntry, queuedTask, start } from '../../fakes/tasks.ts';

const pools = ['default', 'spare'] as const;
const tenants = ['a', 'b', 'c'] as const;

test('parts, lengths, places, tenants and the oldest are those of a scan', () => {
  const random = seededRandom(11);
  const index = new JobIndex({ maxFinished: 20 });
  const states: TaskState[] = [];
  for (let step = 1; step <= 3_000; step += 1) {
    const now = start + step;
    const at = random() < 0.4 ? states.length : Math.floor(random() * states.length);
    states[at] = at === states.length ? aTask(random, now) : next(states[at]!, random, now);
    index.apply(anEntry(step, states[at]), monotonicFrom(step));
    if (step % 100 === 0) for (const pool of pools) expect(ordered(index, pool)).toEqual(scanned(index, pool));
  }
  index.forgetExpired(Infinity);
  for (const pool of pools) expect(ordered(index, pool)).toEqual([]);
  expect(index.queueOrder.oldest('default')).toBeNull();
});

function aTask(random: Random, submittedAt: number): Queued {
  const task = queuedTask({
    pool: oneOf(random, pools),
    tenant: oneOf(random, tenants),
    priority: oneOf(random, ['high', 'normal', 'low']),
    submittedAt,
  });
  // A newer version may have more parts.
  return inPart(task, random() < 0.5 ? undefined : 1 + Math.floor(random() * (partCount + 2)));
}

function next(state: TaskState, random: Random, now: number): TaskState {
  if (state.state === 'queued') return random() < 0.8 ? claimed(state, 'w', 1, now) : cancelled(state, now);
  if (state.state === 'running')
    return random() < 0.3 ? requeued(state, 'WorkerLost', 'lost', now) : failed(state, 'WorkerLost', now);
  return state.state === 'failed' ? newRun(state, 'Retried', now) : state;
}

interface Part {
  readonly part: string;
  readonly places: readonly number[];
  readonly tenants: readonly string[];
}

function ordered(index: JobIndex, pool: string): Part[] {
  const queued = queuedIn(index, pool);
  const heads = queued.filter(({ sequence, state }) => placesOf(index, state).countBefore(sequence) === 0);
  if (queued.length > 0) expect(index.queueOrder.oldest(pool)).toBe(Math.min(...heads.map(({ state }) => state.since)));
  return lanes
    .flatMap((lane) =>
      [...index.queueOrder.parts(pool, lane)].flatMap(([part, { sequences, tenants: counts }]) => {
        if (sequences.length === 0) return [];
        const own = queued.filter(({ state }) => state.lane === lane && (placeOf(state).part ?? 0) === part);
        const places = own.map(({ sequence }) => sequences.countBefore(sequence));
        expect(sequences.length).toBe(own.length);
        const names = [...counts].flatMap(([tenant, count]) => Array.from({ length: count }, () => tenant));
        return [{ part: `${lane} ${part}`, places, tenants: names.toSorted() }];
      }),
    )
    .toSorted(byPart);
}

const placesOf = (index: JobIndex, state: Queued) =>
  index.queueOrder.parts(servingPool(state), state.lane).get(placeOf(state).part ?? 0)!.sequences;

function scanned(index: JobIndex, pool: string): Part[] {
  const parts = Map.groupBy(queuedIn(index, pool), ({ state }) => `${state.lane} ${placeOf(state).part ?? 0}`);
  return [...parts]
    .map(([part, own]) => ({
      part,
      places: own.map((_, place) => place),
      tenants: own.map(({ state }) => state.of.tenant).toSorted(),
    }))
    .toSorted(byPart);
}

const byPart = (one: Part, other: Part): number => one.part.localeCompare(other.part);

type QueuedEntry = IndexedTask & { readonly state: Queued };

/** In the order of the stream. */
function queuedIn(index: JobIndex, pool: string): QueuedEntry[] {
  const queued = [...index.openTasks()].filter((task): task is QueuedEntry => task.state.state === 'queued');
  return queued.filter(({ state }) => servingPool(state) === pool).toSorted((a, b) => a.sequence - b.sequence);
}
