// What this process knows around tasks: the queues from its index, workers from heartbeats, keys and pauses from NATS.
// Gathered once for all tasks that one request explains.

import type { Observation, PoolSight } from '../../job/explain/observation.ts';
import type { TaskError } from '../../job/errors/index.ts';
import { lanes, type Lane, type Sequence, type TaskState } from '../../job/task.ts';
import type { ApiContext } from '../../api/options.ts';

export interface Surroundings {
  readonly pools: ReadonlyMap<string, PoolSight>;
  /** Sequences of the queued tasks, ascending, by pool and lane. */
  readonly queues: ReadonlyMap<string, Queues>;
}

type Queues = Readonly<Record<Lane, readonly Sequence[]>>;

export async function lookAround(context: ApiContext, names: ReadonlySet<string>): Promise<Surroundings> {
  const queues = queuesOf(context, names);
  const sights = await Promise.all([...names].map((name) => sightOf(context, name, queues.get(name)!)));
  return { queues, pools: new Map(sights.map((sight) => [sight.name, sight])) };
}

export function observe(
  context: ApiContext,
  { pools, queues }: Surroundings,
  { state, sequence, error }: { state: TaskState; sequence: Sequence; error?: TaskError | undefined },
): Observation {
  const { pool } = state.of;
  return {
    task: state,
    error: error ?? null,
    pool: pools.get(pool)!,
    ahead: state.state === 'queued' ? aheadOf(queues.get(pool)!, state.lane, sequence) : null,
    runner: state.state === 'running' ? (context.workers.runner(state, sequence) ?? null) : null,
    heartbeatTimeout: context.heartbeatTimeoutMs ?? 6_000,
    now: context.clock.now(),
  };
}

function aheadOf(queues: Queues, lane: Lane, sequence: Sequence): { again: number; lane: number } {
  const before = (one: Lane): number => queues[one].filter((other) => other < sequence).length;
  // The lane of requeued work is served first, however late it came in.
  return { again: lane === 'again' ? before('again') : queues.again.length, lane: lane === 'again' ? 0 : before(lane) };
}

function queuesOf({ follower }: ApiContext, names: ReadonlySet<string>): Map<string, Record<Lane, Sequence[]>> {
  const queues = new Map([...names].map((name) => [name, { again: [], high: [], normal: [], low: [] }])) as Map<
    string,
    Record<Lane, Sequence[]>
  >;
  for (const { state, sequence } of follower.index.openTasks()) {
    if (state.state === 'queued') queues.get(state.of.pool)?.[state.lane].push(sequence);
  }
  for (const pool of queues.values()) for (const lane of lanes) pool[lane].sort((a, b) => a - b);
  return queues;
}

async function sightOf(context: ApiContext, name: string, queues: Queues): Promise<PoolSight> {
  const [keys, paused] = await Promise.all([context.keys?.state(name) ?? null, context.queue.paused(name)]);
  // One that has been silent for as long as the controller bears it is of no use any more.
  const heardSince = context.clock.now() - (context.heartbeatTimeoutMs ?? 6_000);
  const beats = context.workers
    .list()
    .flatMap(({ beat, lastBeat }) => (beat.pool === name && lastBeat > heardSince ? [beat] : []));
  const free = beats.map(({ draining, slots }) =>
    draining ? 0 : Math.max(0, slots.total - slots.busy - slots.leaked),
  );
  return {
    name,
    removed: context.pools.find(name) === undefined,
    lanes: Object.fromEntries(lanes.map((lane) => [lane, queues[lane].length])) as Record<Lane, number>,
    workers: beats.length,
    draining: beats.filter(({ draining }) => draining).length,
    slots: {
      total: beats.reduce((sum, { slots }) => sum + slots.total, 0),
      free: free.reduce((sum, one) => sum + one, 0),
    },
    keys,
    paused: paused ?? null,
    lastClaimAt: context.lastClaims.of(name),
  };
}
