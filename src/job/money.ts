// What calls cost. Prices and budgets are in one unit, the currency of the pool's owner, which Genwarden does not need to know.

import type { PaidUsage } from './errors/index.ts';

export interface ModelPrice {
  /** Per million input tokens. */
  readonly input?: number;
  /** Per million output tokens. */
  readonly output?: number;
  /** Per image. */
  readonly image?: number;
}

/** By model. */
export type Prices = Readonly<Record<string, ModelPrice>>;

/** The most that may be spent in a UTC day and month: by the pool, and by each of its tenants. */
export interface PoolBudgets {
  readonly day?: number;
  readonly month?: number;
  readonly tenantDay?: number;
  readonly tenantMonth?: number;
}

const million = 1_000_000;

/** Undefined if the model has no price. Rounded to a millionth. */
export function costOf(prices: Prices, model: string, usage: PaidUsage): number | undefined {
  if (!Object.hasOwn(prices, model)) return undefined;
  const { input = 0, output = 0, image = 0 } = prices[model]!;
  const tokens = (usage.inputTokens * input + usage.outputTokens * output) / million;
  return roundCost(tokens + usage.images * image);
}

/** Sums of costs are rounded too, so that no sum shows the error of its binary fractions. */
export const roundCost = (cost: number): number => Math.round(cost * million) / million;
