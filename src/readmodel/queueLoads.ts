// Counts the open tasks of each pool by tenant, and its queued tasks by tenant part, as the choice of a part needs them.

import { flowKey, flowOf, partCount, placeOf, type Flow } from '../job/parts.ts';
import { servingPool } from '../job/target.ts';
import type { Priority, TaskState } from '../job/task.ts';
import { addTo } from './tally.ts';

export interface TenantCounts {
  readonly queued: number;
  readonly running: number;
}

/** By part; 0 for the lane itself. */
type ByPart = number[];

interface LaneCounts {
  readonly all: ByPart;
  readonly flows: Map<string, ByPart>;
  readonly tenants: Map<string, number>;
}

interface PoolCounts {
  readonly lanes: Map<Priority, LaneCounts>;
  readonly tenants: Map<string, { queued: number; running: number }>;
  /** Running tasks of each flow with a group. */
  readonly groups: Map<string, number>;
}

export class QueueLoads {
  readonly #pools = new Map<string, PoolCounts>();

  count(state: TaskState, by: 1 | -1): void {
    if (state.state !== 'queued' && state.state !== 'running') return;
    const pool = this.#poolOf(servingPool(state));
    const flow = flowOf(state);
    const tenant = pool.tenants.get(flow.tenant) ?? { queued: 0, running: 0 };
    tenant[state.state] += by;
    if (tenant.queued === 0 && tenant.running === 0) pool.tenants.delete(flow.tenant);
    else pool.tenants.set(flow.tenant, tenant);
    if (state.state === 'running') {
      if (flow.group !== null) addTo(pool.groups, flowKey(flow), by);
      return;
    }
    const { lane, part = 0 } = placeOf(state);
    if (lane !== 'again' && lane !== 'guest' && part <= partCount) countInLane(laneOf(pool, lane), flow, part, by);
  }

  /** Of every tenant with queued or running tasks in the pool. */
  tenants(pool: string): ReadonlyMap<string, TenantCounts> {
    return this.#pools.get(pool)?.tenants ?? new Map<string, TenantCounts>();
  }

  /** How many tasks of the flow run in the pool. */
  runningInGroup(pool: string, flow: Flow): number {
    return this.#pools.get(pool)?.groups.get(flowKey(flow)) ?? 0;
  }

  /** The queued tasks of a lane with its tenant parts. */
  lane(pool: string, lane: Priority, flow: Flow) {
    const counts = this.#pools.get(pool)?.lanes.get(lane);
    const own = counts?.flows.get(flowKey(flow));
    return {
      ofTenant: counts?.tenants.get(flow.tenant) ?? 0,
      queuedInFlow: (own ?? []).reduce((sum, count) => sum + count, 0),
      ofFlow: (part: number): number => own?.[part] ?? 0,
      ofAll: (part: number): number => counts?.all[part] ?? 0,
    };
  }

  clear(): void {
    this.#pools.clear();
  }

  #poolOf(name: string): PoolCounts {
    const known = this.#pools.get(name);
    if (known !== undefined) return known;
    const fresh: PoolCounts = { lanes: new Map(), tenants: new Map(), groups: new Map() };
    this.#pools.set(name, fresh);
    return fresh;
  }
}

function laneOf({ lanes }: PoolCounts, lane: Priority): LaneCounts {
  const known = lanes.get(lane);
  if (known !== undefined) return known;
  const fresh = { all: noTasks(), flows: new Map(), tenants: new Map() };
  lanes.set(lane, fresh);
  return fresh;
}

const noTasks = (): ByPart => Array.from({ length: partCount + 1 }, () => 0);

function countInLane({ all, flows, tenants }: LaneCounts, flow: Flow, part: number, by: 1 | -1): void {
  all[part]! += by;
  addTo(tenants, flow.tenant, by);
  const key = flowKey(flow);
  const own = flows.get(key) ?? noTasks();
  own[part]! += by;
  if (own.every((count) => count === 0)) flows.delete(key);
  else flows.set(key, own);
}
