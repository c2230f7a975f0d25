// Gathers what this process knows about tasks and their pools: queues from the index, workers from heartbeats, keys and
// pauses from NATS. `job/explain` turns it into sentences.

import type { Observation, ObservedPool } from '../job/explain/observation.ts';
import type { JobId } from '../job/ids.ts';
import type { Beat } from '../ports/heartbeats.ts';
import type { FullStorage } from '../job/storage.ts';
import { servingPool } from '../job/target.ts';
import { isHeld, lanes, type Held, type Lane, type Sequence, type TaskDetail, type TaskState } from '../job/task.ts';
import type { LastClaims } from '../readmodel/lastClaims.ts';
import { blocksOf, type Blocks } from './blocks.ts';
import type { JobsContext, KeyRingView } from './context.ts';
import { keysInUse } from './keysInUse.ts';
import { aheadOf, lengthOf, queuesOf, type Queues } from './queuePlaces.ts';
import { fullStorage } from './storage.ts';
import { readJob, type ReadContext } from './read.ts';

export interface ExplainContext extends Pick<
  JobsContext,
  'follower' | 'workers' | 'attemptDurations' | 'queue' | 'pools' | 'storage' | 'clock' | 'heartbeatTimeoutMs'
> {
  readonly keys?: Pick<KeyRingView, 'state' | 'block' | 'outages'>;
  readonly lastClaims: Pick<LastClaims, 'of'>;
}

export interface ObservedPools {
  readonly pools: ReadonlyMap<string, ObservedPool>;
  /** By pool. */
  readonly queues: ReadonlyMap<string, Queues>;
  readonly blocks: Blocks;
  readonly storage: FullStorage | undefined;
}

export interface TaskObservation {
  readonly observation: Observation;
  /** Of the task's last message. */
  readonly sequence: Sequence;
}

/** All tasks of the job. Throws `JobNotFound` or `Unavailable`. */
export async function explainJob(
  context: ExplainContext & ReadContext,
  tenant: string,
  job: JobId,
): Promise<readonly TaskObservation[]> {
  const { tasks } = await readJob(context, tenant, job);
  const observed = await observePools(context, new Set(tasks.map(({ last }) => servingPool(last.state))));
  return tasks.map(({ last: { state, sequence, detail } }) => {
    return { observation: observeTask(context, observed, { state, sequence, detail }), sequence };
  });
}

/** Gathered once for all tasks that one request explains. */
export async function observePools(context: ExplainContext, names: ReadonlySet<string>): Promise<ObservedPools> {
  const queues = new Map([...names].map((name) => [name, queuesOf(context, name)]));
  const pools = await Promise.all([...names].map((name) => observePool(context, name, queues.get(name)!)));
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  return { queues, pools: byName, blocks: blocksOf(context.keys), storage: fullStorage(context) };
}

export function observeTask(
  context: ExplainContext,
  { pools, queues, blocks, storage }: ObservedPools,
  { state, sequence, detail }: { state: TaskState; sequence: Sequence; detail?: Pick<TaskDetail, 'error' | 'message'> },
): Observation {
  const pool = servingPool(state);
  const holder = state.state === 'queued' ? context.workers.holder(state) : undefined;
  return {
    task: state,
    error: detail?.error ?? null,
    message: detail?.message ?? null,
    pool: pools.get(pool)!,
    block: blocks(state),
    ahead: state.state === 'queued' ? aheadOf(queues.get(pool)!, state, sequence) : null,
    ...(holder === undefined ? {} : { holder }),
    ...(isHeld(state) ? { parents: parentsOf(state, context) } : {}),
    runner: state.state === 'running' ? (context.workers.runner(state, sequence) ?? null) : null,
    storage: storage ?? null,
    heartbeatTimeout: heartbeatTimeoutOf(context),
    now: context.clock.now(),
  };
}

function parentsOf({ of }: Held, { follower }: Pick<ExplainContext, 'follower'>): TaskState[] {
  return (of.after ?? []).flatMap((task) => follower.index.task(of.job, task)?.state ?? []);
}

/** The queues of a pool about which only its workers, keys and pause are asked. */
export const noQueues = Object.fromEntries(lanes.map((lane) => [lane, new Map()])) as unknown as Queues;

export async function observePool(context: ExplainContext, name: string, queues: Queues): Promise<ObservedPool> {
  const [states, paused] = await Promise.all([context.keys?.state(name) ?? null, context.queue.paused(name)]);
  const keys = states === null ? null : keysInUse(context.workers, name, states);
  const beats = beatsOf(context, name);
  const open = beats.filter(({ draining }) => !draining);
  const declared = context.pools.find(name);
  const { index } = context.follower;
  return {
    name,
    provider: declared?.provider ?? 'the provider',
    removed: declared === undefined,
    ...(declared?.resource === undefined ? {} : { resource: declared.resource }),
    lanes: Object.fromEntries(lanes.map((lane) => [lane, lengthOf(queues, lane)])) as Record<Lane, number>,
    workers: beats.length,
    knowsWorkers: context.workers.knowsAll(heartbeatTimeoutOf(context)),
    draining: beats.length - open.length,
    slots: {
      total: sumOf(beats, ({ slots }) => slots.total),
      free: sumOf(open, ({ slots }) => Math.max(0, slots.total - slots.busy - slots.leaked)),
      open: sumOf(open, ({ slots }) => Math.max(0, slots.total - slots.leaked)),
    },
    running: index.counts().get(name)?.running ?? 0,
    attemptMs: context.attemptDurations?.meanOf(name, index.queued(name).models) ?? null,
    keys,
    paused: paused ?? null,
    lastClaimAt: context.lastClaims.of(name),
  };
}

const sumOf = (beats: readonly Beat[], of: (beat: Beat) => number): number =>
  beats.reduce((sum, beat) => sum + of(beat), 0);

/** The last heartbeats of the pool's workers. Workers silent for longer than the heartbeat timeout are left out. */
function beatsOf(context: ExplainContext, pool: string): readonly Beat[] {
  const since = context.clock.now() - heartbeatTimeoutOf(context);
  return context.workers.list().flatMap(({ beat, lastBeat }) => (beat.pool === pool && lastBeat > since ? [beat] : []));
}

const heartbeatTimeoutOf = ({ heartbeatTimeoutMs = 6_000 }: ExplainContext): number => heartbeatTimeoutMs;
