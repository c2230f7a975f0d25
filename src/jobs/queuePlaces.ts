// The queues of pools as the index shows them, by lane and tenant part, and how many tasks are served before one of them.

import type { Ahead, RunningLimit } from '../job/place.ts';
import { servedMeanwhile } from '../job/lanes.ts';
import { flowOf, partCount, placeOf } from '../job/parts.ts';
import { tightestLimit, weightOf, type RunningLimits, type TenantShares } from '../job/shares.ts';
import { servingPool } from '../job/target.ts';
import { lanes, type Lane, type Queued, type Sequence } from '../job/task.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { QueuedPart } from '../readmodel/queueOrder.ts';
import type { JobsContext } from './context.ts';

interface PartQueue {
  /** Of this moment. */
  readonly sequences: QueuedPart['sequences'];
  readonly weight: number;
}

/** The parts of each lane that had queued tasks when they were observed, by number; 0 is the lane itself. */
export type Queues = Readonly<Record<Lane, ReadonlyMap<number, PartQueue>>>;

type Index = Follower['index'];

/** Each part weighs as its tenants do at this moment. */
export function queuesOf({ follower, pools }: Pick<JobsContext, 'follower' | 'pools'>, name: string): Queues {
  const shares = pools.find(name)?.shares ?? {};
  const weighted = lanes.map(
    (lane) => [lane, weightedLane(follower.index.queueOrder.parts(name, lane), shares)] as const,
  );
  return Object.fromEntries(weighted) as unknown as Queues;
}

export const lengthOf = (queues: Queues, lane: Lane): number =>
  [...queues[lane].values()].reduce((sum, { sequences }) => sum + sequences.length, 0);

/** How many tasks are served before the queued task with this last message. */
export function aheadOf(queues: Queues, task: Queued, sequence: Sequence): Ahead {
  const own = queues[task.lane].get(partOf(task));
  const before = own?.sequences.countBefore(sequence) ?? 0;
  // Requeued work is served first, no matter how late it was requeued.
  if (task.lane === 'again') return { again: before, lane: 0 };
  return { again: lengthOf(queues, 'again'), lane: before + othersBefore(queues, task, before, lengths(queues, task)) };
}

/** The same for the queued tasks of a new job in one lane, in order: they are the last of their parts at this moment. */
export function aheadOfNew(
  index: Index,
  queues: Queues,
  tasks: readonly Queued[],
  limits: RunningLimits = {},
): readonly Ahead[] {
  const [first] = tasks;
  if (first === undefined) return [];
  const again = index.queueOrder.length(servingPool(first), 'again');
  const now = lengthsNow(index, first);
  const left = new Map([...now].map(([part, length]) => [part, length]));
  for (const task of tasks) left.set(partOf(task), (left.get(partOf(task)) ?? 0) - 1);
  const held = limitBefore(index, first, tasks.length, limits);
  return tasks.map((task, at) => {
    const before = Math.max(0, left.get(partOf(task))!);
    left.set(partOf(task), before + 1);
    const limit = held === undefined ? {} : { limit: { ...held, before: held.before + at } };
    return { again, lane: before + othersBefore(queues, task, before, now), ...limit };
  });
}

/** The limit that holds for the first of so many new tasks. */
function limitBefore(index: Index, first: Queued, tasks: number, limits: RunningLimits): RunningLimit | undefined {
  const pool = servingPool(first);
  const flow = flowOf(first);
  const { queued = 0, running = 0 } = index.queues.tenants(pool).get(flow.tenant) ?? {};
  const { queuedInFlow } = index.queues.lane(pool, first.of.priority, flow);
  return tightestLimit(limits, flow, {
    tenant: { running, before: Math.max(0, queued - tasks) },
    group: { running: index.queues.runningInGroup(pool, flow), before: Math.max(0, queuedInFlow - tasks) },
  });
}

/** Of the other parts of the lane, which take turns with the task's own part. */
function othersBefore(queues: Queues, task: Queued, before: number, now: ReadonlyMap<number, number>): number {
  const own = partOf(task);
  const weight = (part: number): number => queues[task.lane].get(part)?.weight ?? 1;
  const others = [...now].flatMap(([part, queued]) => (part === own ? [] : { queued, weight: weight(part) }));
  return servedMeanwhile(before, weight(own), others);
}

const lengths = (queues: Queues, { lane }: Queued): ReadonlyMap<number, number> =>
  new Map([...queues[lane]].map(([part, { sequences }]) => [part, sequences.length]));

/** Of the parts of the task's lane. */
function lengthsNow(index: Index, task: Queued): ReadonlyMap<number, number> {
  const { lane } = task;
  const pool = servingPool(task);
  if (lane === 'again' || lane === 'guest') return new Map([[0, index.queueOrder.length(pool, lane)]]);
  const { ofAll } = index.queues.lane(pool, lane, flowOf(task));
  return new Map(Array.from({ length: partCount + 1 }, (_, part) => [part, ofAll(part)]));
}

const partOf = (task: Queued): number => placeOf(task).part ?? 0;

/** As workers weigh the parts: by the tenants that wait there, each divided among the tenant parts in which it waits. */
function weightedLane(all: ReadonlyMap<number, QueuedPart>, shares: TenantShares): ReadonlyMap<number, PartQueue> {
  const parts = [...all].filter(([, { sequences }]) => sequences.length > 0);
  const places = new Map<string, number>();
  for (const [number, { tenants }] of parts)
    if (number > 0) for (const tenant of tenants.keys()) places.set(tenant, (places.get(tenant) ?? 0) + 1);
  return new Map(
    parts.map(([number, { sequences, tenants }]) => {
      const share = (tenant: string): number => weightOf(shares, tenant) / (number === 0 ? 1 : places.get(tenant)!);
      const weight = [...tenants.keys()].reduce((sum, tenant) => sum + share(tenant), 0);
      return [number, { sequences, weight }];
    }),
  );
}
