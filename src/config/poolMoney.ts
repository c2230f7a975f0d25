// The schemas of a pool's prices and budgets, as written in the pools file.

import { z } from 'zod';
import type { ModelPrice, PoolBudgets, Prices } from '../job/money.ts';

const price = z.number().min(0).max(1_000_000).exactOptional();
const budget = z.number().gt(0).max(1_000_000_000).exactOptional();

const modelPrice: z.ZodType<ModelPrice> = z
  .strictObject({ input: price, output: price, image: price })
  .refine(({ input, output, image }) => (input ?? output ?? image) !== undefined, 'must have input, output or image');

export const pricesSchema: z.ZodType<Prices> = z.record(z.string().min(1).max(128), modelPrice);

export const budgetsSchema: z.ZodType<PoolBudgets> = z
  .strictObject({ day: budget, month: budget, tenantDay: budget, tenantMonth: budget })
  .refine((all) => Object.keys(all).length > 0, 'must have day, month, tenantDay or tenantMonth');

interface PricedPool {
  readonly models?: { readonly image: readonly string[]; readonly text: readonly string[] } | undefined;
  readonly prices?: Prices | undefined;
  readonly budgets?: PoolBudgets | undefined;
}

/** A misspelt model would be free of charge, and a budget without prices would never be spent. */
export function checkPrices({ models, prices, budgets }: PricedPool, context: z.RefinementCtx): void {
  if (budgets !== undefined && Object.keys(prices ?? {}).length === 0)
    context.addIssue({ code: 'custom', path: ['budgets'], message: 'requires prices' });
  if (models === undefined) return;
  const known = new Set([...models.image, ...models.text]);
  for (const model of Object.keys(prices ?? {})) {
    if (known.has(model)) continue;
    context.addIssue({ code: 'custom', path: ['prices', model], message: 'is not a model of the pool' });
  }
}
