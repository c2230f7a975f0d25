// How the tenants of a pool share its workers: weights, and limits on running tasks.

import type { Flow } from './parts.ts';

/** The most tasks that may run at the same time, across all workers of the pool. */
export interface RunningLimits {
  /** Of each tenant. */
  readonly tenant?: number;
  /** Of each group of a tenant. */
  readonly group?: number;
  /** Of these tenants, in place of `tenant`. */
  readonly tenants?: Readonly<Record<string, number>>;
}

export interface TenantShares {
  readonly limits?: RunningLimits;
  /** By tenant; others have 1. While tenants queue, one of weight 3 starts three tasks for each of a tenant of weight 1. */
  readonly weights?: Readonly<Record<string, number>>;
}

export const tenantLimit = ({ tenant = Infinity, tenants = {} }: RunningLimits, name: string): number =>
  Object.hasOwn(tenants, name) ? tenants[name]! : tenant;

const groupLimit = ({ group = Infinity }: RunningLimits, flow: Flow): number =>
  flow.group === null ? Infinity : group;

export const weightOf = ({ weights = {} }: TenantShares, tenant: string): number =>
  Object.hasOwn(weights, tenant) ? weights[tenant]! : 1;

/** How many more tasks of the flow may run while so many of its tenant and of its group do. */
export function roomFor(limits: RunningLimits, flow: Flow, running: { tenant: number; group: number }): number {
  const room = Math.min(tenantLimit(limits, flow.tenant) - running.tenant, groupLimit(limits, flow) - running.group);
  return Math.max(0, room);
}

/** The tightest limit on running tasks that holds for the flow; undefined without one. `open`: of its tenant and of its group. */
export function tightestLimit<Open extends { readonly running: number }>(
  limits: RunningLimits,
  flow: Flow,
  open: { readonly tenant: Open; readonly group: Open },
): (Open & { readonly limit: number }) | undefined {
  const both = [
    { ...open.tenant, limit: tenantLimit(limits, flow.tenant) },
    { ...open.group, limit: groupLimit(limits, flow) },
  ];
  const finite = both.filter(({ limit }) => limit < Infinity);
  return finite.toSorted((a, b) => a.limit - a.running - (b.limit - b.running))[0];
}

export const isLimited = (limits: RunningLimits, flow: Flow): boolean =>
  Math.min(tenantLimit(limits, flow.tenant), groupLimit(limits, flow)) < Infinity;

/** The limit that holds the flow back, in words: the one of the tenant first. */
export function limitReached(limits: RunningLimits, flow: Flow, running: { tenant: number; group: number }) {
  const tenant = { who: `Tenant ${flow.tenant}`, running: running.tenant, limit: tenantLimit(limits, flow.tenant) };
  const group = {
    who: `Group ${flow.group} of tenant ${flow.tenant}`,
    running: running.group,
    limit: groupLimit(limits, flow),
  };
  return [tenant, group].find((one) => one.running >= one.limit);
}
