// Chooses the tenant part of each new spec from what this process knows about the queue. Two processes that choose at the same
// moment know slightly different queues, which costs a little fairness and nothing else.

import { choosePart, flowOf, inPart, partCount, type LaneLoad } from '../job/parts.ts';
import type { Decision } from '../job/requests/decision.ts';
import { roomFor } from '../job/shares.ts';
import { servingPool } from '../job/target.ts';
import type { Queued, Sequence, SpecWrite, TaskState, TaskWrite } from '../job/task.ts';
import type { PoolDeclaration, PoolRegistry } from '../ports/poolRegistry.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';

export interface LaneContext {
  readonly follower: Pick<Follower, 'index'>;
  readonly pools: Pick<PoolRegistry, 'find'>;
  /** Absent: this process hears no heartbeats, so it does not know what the workers serve. */
  readonly workers?: Pick<WorkerDirectory, 'list'>;
  /** Whether NATS lets this process queue tasks in tenant parts: its permissions may be those of an earlier version. Default: yes. */
  readonly mayUseParts?: boolean;
}

/** The specs of one job, each in the part that suits it. Call it for every spec that starts a run. */
export function inParts<Spec extends SpecWrite>(context: LaneContext, specs: readonly Spec[]): readonly Spec[] {
  const own = specs.flatMap(({ state }) => (isOfPriority(state) ? [state] : []));
  const [first] = own;
  if (first === undefined || !servesParts(context, servingPool(first))) return specs;
  const parts = choosePart(loadOf(context, first), own.length, hashOf(first.of.tenant));
  const partOf = new Map(own.map((state, at) => [state, parts[at]]));
  return specs.map((spec) =>
    isOfPriority(spec.state) ? { ...spec, state: inPart(spec.state, partOf.get(spec.state)) } : spec,
  );
}

/** The same for a write that may start a run. */
export type Placer = <Write extends TaskWrite>(write: Write) => Write;

/**
 * Places writes that are made one by one but at the same time, as those of a retry: each counts those before it that this process
 * does not yet know to be queued.
 */
export function placer(context: LaneContext): Placer {
  const { index } = context.follower;
  const known = ({ of }: TaskState): Sequence | undefined => index.task(of.job, of.task)?.sequence;
  let pending: { readonly spec: SpecWrite; readonly before: Sequence | undefined }[] = [];
  return (write) => {
    if (!isOfPriority(write.state)) return write;
    pending = pending.filter(({ spec, before }) => known(spec.state) === before);
    const spec = write as SpecWrite;
    const alike = pending.filter((one) => sharesLane(one.spec.state as Queued, spec.state as Queued));
    const placed = inParts(context, [...alike.map((one) => one.spec), spec]).at(-1)!;
    pending.push({ spec, before: known(spec.state) });
    return { ...write, state: placed.state };
  };
}

const sharesLane = (one: Queued, other: Queued): boolean =>
  one.of.tenant === other.of.tenant && one.lane === other.lane && servingPool(one) === servingPool(other);

/** A decision whose new run, if it starts one, is in the part that suits it. */
export const inItsPart = (place: Placer, decision: Decision): Decision =>
  decision.do === 'write' ? { do: 'write', write: place(decision.write) } : decision;

/** Not a task that waits for others, nor one in `again` or `guest`. */
const isOfPriority = (state: TaskState): state is Queued =>
  state.state === 'queued' && state.lane === state.of.priority;

/**
 * Older workers do not serve tenant parts, so every worker must. While there is none, the pool's declaration tells what the
 * next ones will serve.
 */
function servesParts({ pools, workers, mayUseParts = true }: LaneContext, pool: string): boolean {
  if (workers === undefined || !mayUseParts) return false;
  const live = workers.list().filter(({ beat }) => beat.pool === pool && !beat.draining);
  const served = live.length > 0 ? live.map(({ beat }) => beat.parts ?? 0) : [pools.find(pool)?.parts ?? 0];
  return Math.min(...served) >= partCount;
}

function loadOf({ follower, pools }: LaneContext, task: Queued): LaneLoad {
  const { queues } = follower.index;
  const pool = servingPool(task);
  const flow = flowOf(task);
  const { queued = 0, running = 0 } = queues.tenants(pool).get(flow.tenant) ?? {};
  const lane = queues.lane(pool, task.of.priority, flow);
  const inGroup = lane.queuedInFlow + queues.runningInGroup(pool, flow);
  // Tasks that are queued already will run first.
  const room = roomFor(limitsOf(pools.find(pool)), flow, { tenant: running + queued, group: inGroup });
  return { ...lane, room };
}

const limitsOf = (pool: PoolDeclaration | undefined) => pool?.shares?.limits ?? {};

/** In [0, 1), by FNV-1a: two processes then choose the same of several empty parts for a tenant, and different ones for others. */
function hashOf(tenant: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(tenant)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash / 2 ** 32;
}
