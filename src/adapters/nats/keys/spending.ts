// What a pool's calls have cost in the current day and month (UTC), in total and per tenant, against the budgets. Pure.

import type { Block } from '../../../job/block.ts';
import type { Instant } from '../../../job/task.ts';
import type { Budget, Spending } from '../../../ports/keyRing.ts';

/** The budgets of a pool: of all its calls together, and of each tenant. */
export interface Budgets {
  readonly pool?: Budget;
  readonly tenant?: Budget;
}

interface Totals {
  /** The UTC date that `today` counts, such as `2026-11-28`. */
  readonly date: string;
  readonly today: number;
  /** In the month of `date`. */
  readonly month: number;
}

export interface PoolSpending extends Totals {
  readonly budgets: Budgets;
}

export interface TenantSpending extends Totals {
  readonly tenant: string;
}

/** One of the records of a pool that hold its tenants' spending: the bucket must not hold one per tenant. */
export interface TenantsRecord {
  readonly tenants: readonly TenantSpending[];
}

export const tenantShards = 16;
const mostTenants = 2_000;
const day = 86_400_000;

export const nothingSpent = (budgets: Budgets, now: Instant): PoolSpending => ({ budgets, ...noTotals(now) });

export const addToPool = (record: PoolSpending, cost: number, now: Instant): PoolSpending => ({
  ...record,
  ...add(record, cost, now),
});

/** Adds to the tenant's totals and forgets tenants that spent nothing this month. */
export function addToTenant(record: TenantsRecord, tenant: string, cost: number, now: Instant): TenantsRecord {
  const others = record.tenants.filter((one) => one.tenant !== tenant && current(one, now).month > 0);
  const known = record.tenants.find((one) => one.tenant === tenant) ?? noTotals(now);
  return { tenants: [...others, { tenant, ...add(known, cost, now) }].slice(-mostTenants) };
}

/** The block of a spent budget; undefined if both budgets have something left. */
export function budgetBlock(
  pool: PoolSpending | undefined,
  tenant: TenantSpending | undefined,
  now: Instant,
): Block | undefined {
  if (pool === undefined) return undefined;
  const { budgets } = pool;
  const spent = [
    ...exceeded(pool, budgets.pool ?? {}, "The pool's budget", now),
    ...(tenant === undefined ? [] : exceeded(tenant, budgets.tenant ?? {}, "The tenant's budget", now)),
  ].toSorted((a, b) => b.until - a.until)[0];
  if (spent === undefined) return undefined;
  const { until, since, message } = spent;
  const rest = { provider: null, permanent: false, confirmed: true };
  return { reason: 'BudgetExhausted', code: 'BudgetExceeded', until, since, message, ...rest };
}

export function spendingOf(
  pool: PoolSpending | undefined,
  tenants: readonly TenantSpending[],
  now: Instant,
): readonly Spending[] {
  if (pool === undefined) return [];
  const { pool: ofPool = {}, tenant: ofTenant = {} } = pool.budgets;
  const ends = { dayEndsAt: dayEnd(now), monthEndsAt: monthEnd(now) };
  const row = (tenant: string | null, totals: Totals, limits: Budget): Spending => {
    const { today, month } = current(totals, now);
    return { tenant, day: today, month, limits, ...ends };
  };
  const shown = tenants.filter((one) => current(one, now).month > 0);
  const rows = shown.map((one) => row(one.tenant, one, ofTenant));
  return [row(null, pool, ofPool), ...rows.toSorted((a, b) => b.month - a.month)];
}

export const hasLimits = ({ pool = {}, tenant = {} }: Budgets): boolean =>
  Object.keys({ ...pool, ...tenant }).length > 0;

export const sameBudgets = (one: Budgets, other: Budgets): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The record of a tenant among the pool's, by FNV-1a. */
export function shardOf(tenant: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(tenant)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % tenantShards;
}

function exceeded(
  totals: Totals,
  { day: perDay = Infinity, month: perMonth = Infinity }: Budget,
  whose: string,
  now: Instant,
): { until: Instant; since: Instant | null; message: string }[] {
  const { today, month } = current(totals, now);
  const words = (spent: number, limit: number, what: string): string =>
    `${whose} of ${limit} per ${what} is spent (${spent})`;
  return [
    ...(today >= perDay ? [{ until: dayEnd(now), since: null, message: words(today, perDay, 'day') }] : []),
    ...(month >= perMonth ? [{ until: monthEnd(now), since: null, message: words(month, perMonth, 'month') }] : []),
  ];
}

const dateOf = (now: Instant): string => new Date(now).toISOString().slice(0, 10);
const noTotals = (now: Instant): Totals => ({ date: dateOf(now), today: 0, month: 0 });
const dayEnd = (now: Instant): Instant => (Math.floor(now / day) + 1) * day;

function monthEnd(now: Instant): Instant {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

/** The totals as they count now: a new day or month starts at 0. */
function current(totals: Totals, now: Instant): Totals {
  const { date, today, month } = totals;
  const present = dateOf(now);
  // A clock that is slightly behind must not start the previous day again.
  if (date >= present) return { date, today, month };
  return { date: present, today: 0, month: date.slice(0, 7) === present.slice(0, 7) ? month : 0 };
}

function add(totals: Totals, cost: number, now: Instant): Totals {
  const { date, today, month } = current(totals, now);
  return { date, today: rounded(today + cost), month: rounded(month + cost) };
}

/** To a billionth, so that sums of decimal prices stay readable. */
const rounded = (sum: number): number => Math.round(sum * 1e9) / 1e9;
