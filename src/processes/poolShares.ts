// How the tenants of each pool share its workers, as the pools are declared now: a change reaches running processes.

import type { TenantShares } from '../job/shares.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';

const equal: TenantShares = {};

/** From memory; kept current until the signal aborts. */
export function poolShares(pools: PoolRegistry, signal: AbortSignal): (pool: string) => TenantShares {
  const known = new Map<string, TenantShares>();
  pools.onChange(({ name, shares }) => void known.set(name, shares ?? equal), signal);
  return (pool) => known.get(pool) ?? equal;
}
