// Counts the open tasks that wait, by the reason that explanations give. Tasks that cannot have different reasons are decided
// once, because an installation may have 100,000 of them.

import { waitingFor } from '../../job/explain/waitingFor.ts';
import type { Observation, ObservedPool, WaitReason } from '../../job/explain/observation.ts';
import { servingPool, targetOf } from '../../job/target.ts';
import { isHeld, isOpen, type OpenTask } from '../../job/task.ts';
import { blocksOf } from '../../jobs/blocks.ts';
import { noQueues, observePool, observeTask, type ExplainContext, type ObservedPools } from '../../jobs/explain.ts';
import { fullStorage } from '../../jobs/storage.ts';
import type { IndexedTask } from '../../readmodel/jobIndex.ts';
import { taskKey, type TaskKey } from '../../readmodel/taskKey.ts';

/** By pool and reason. A task that should start in a moment does not wait. */
export type WaitingTasks = ReadonlyMap<string, ReadonlyMap<WaitReason, number>>;

/** The reasons that depend on a task's place in the queue: they are decided per task, until the first one that waits. */
const byPlace: ReadonlySet<WaitReason | undefined> = new Set([undefined, 'SlotsBusy']);

/** `shown` are the reasons that every pool in `names` has, with 0. */
export async function countWaiting(
  context: ExplainContext,
  names: Iterable<string>,
  shown: readonly WaitReason[],
): Promise<WaitingTasks> {
  const pools = await observeAll(context, new Set([...names, ...context.follower.index.counts().keys()]));
  const counts = new Map([...pools.keys()].map((pool) => [pool, new Map(shown.map((reason) => [reason, 0]))]));
  const reasonOf = decider(context, pools);
  for (const task of context.follower.index.openTasks()) {
    if (!isOpen(task.state) || task.state.state === 'running') continue;
    const pool = servingPool(task.state);
    const reason = reasonOf(task, task.state, pool);
    const ofPool = counts.get(pool);
    if (reason !== undefined) ofPool?.set(reason, (ofPool.get(reason) ?? 0) + 1);
  }
  return counts;
}

async function observeAll(context: ExplainContext, names: ReadonlySet<string>) {
  const observed = await Promise.all([...names].map((name) => observePool(context, name, noQueues)));
  return new Map(observed.map((pool) => [pool.name, pool]));
}

type Decider = (task: IndexedTask, state: OpenTask, pool: string) => WaitReason | undefined;

function decider(context: ExplainContext, pools: ReadonlyMap<string, ObservedPool>): Decider {
  const queues = new Map([...pools.keys()].map((name) => [name, noQueues]));
  const observed: ObservedPools = { pools, queues, blocks: blocksOf(context.keys), storage: fullStorage(context) };
  const holders = tasksInMemory(context);
  const ofClass = new Map<string, { reason: WaitReason | undefined; observation: Observation }>();
  const places = new Map<string, Place>();
  let last: Classified | undefined;
  return (task, state, pool) => {
    // A pool whose first task came after the pools were observed.
    if (!pools.has(pool)) return undefined;
    const isFetched = holders.size > 0 && holders.has(taskKey(state.of.job, state.of.task));
    if (isFetched) return waitingFor(observeTask(context, observed, task))?.reason;
    const name = isLike(last, state) ? last!.name : classOf(state, pool);
    last = { state, name };
    const known = ofClass.get(name) ?? decide(observeTask(context, observed, task));
    ofClass.set(name, known);
    if (state.state !== 'queued' || !byPlace.has(known.reason)) return known.reason;
    const queue = `${pool}\n${state.lane}`;
    const again = state.lane === 'again' ? undefined : context.follower.index.queueOrder.length(pool, 'again');
    const place = places.get(queue) ?? { again, ahead: 0, waits: undefined };
    places.set(queue, place);
    return reasonAt(place, known.observation);
  };
}

const decide = (observation: Observation) => ({ observation, reason: waitingFor(observation)?.reason });

/** The next place in a lane of a pool. */
interface Place {
  /** Requeued tasks, which are served before all others; undefined in the lane of requeued tasks itself. */
  readonly again: number | undefined;
  ahead: number;
  /** The reason of the first task that waits for its place; those behind it wait for the same. */
  waits: WaitReason | undefined;
}

function reasonAt(place: Place, observation: Observation): WaitReason | undefined {
  const { again, ahead: before } = place;
  const ahead = again === undefined ? { again: before, lane: 0 } : { again, lane: before };
  place.waits ??= waitingFor({ ...observation, ahead })?.reason;
  place.ahead += 1;
  return place.waits;
}

/** Queued tasks that a worker has fetched and cannot run yet. */
function tasksInMemory({ workers }: ExplainContext): ReadonlySet<TaskKey> {
  const listed = workers.list().flatMap(({ beat }) => beat.tasks);
  return new Set(listed.filter(({ phase }) => phase?.phase === 'memory').map(({ job, task }) => taskKey(job, task)));
}

interface Classified {
  readonly state: OpenTask;
  readonly name: string;
}

/** Most tasks follow one of the same job and state. */
function isLike(last: Classified | undefined, state: OpenTask): boolean {
  if (last === undefined || last.state.state !== state.state || state.state === 'waiting') return false;
  const [one, other] = [last.state.of, state.of];
  if (one.job !== other.job || one.kind !== other.kind || one.model !== other.model) return false;
  return last.state.target === state.target && laneOf(last.state) === laneOf(state);
}

const laneOf = (state: OpenTask): string => (state.state === 'queued' ? state.lane : '');

/** All tasks of a class wait for the same, apart from their places in the queue. None of the names contains a line break. */
function classOf(state: OpenTask, pool: string): string {
  const { kind, tenant, group = '' } = state.of;
  if (state.state !== 'queued') return `${pool}\n${state.state}\n${isHeld(state)}\n${kind}`;
  return `${pool}\n${state.lane}\n${targetOf(state).model}\n${tenant}\n${group}\n${kind}`;
}
