// The provider options that a pool lets jobs set, as the pools file and the custom resource of a pool name them.

import { z } from 'zod';
import { poolOptionProblem } from '../job/providerOptions/index.ts';

/** Empty: jobs may set none. */
export const providerOptionsSchema = z
  .array(z.string().min(1).max(64))
  .max(64)
  .refine((all) => new Set(all).size === all.length, 'names an option twice');

/** Refuses options that the provider lacks, and those that would break a rule of Genwarden. */
export function checkProviderOptions(
  {
    provider = 'gemini',
    providerOptions = [],
  }: { provider?: string | undefined; providerOptions?: string[] | undefined },
  context: z.RefinementCtx,
): void {
  for (const [at, name] of providerOptions.entries()) {
    const problem = poolOptionProblem(name, provider);
    if (problem === undefined) continue;
    context.addIssue({ code: 'custom', path: ['providerOptions', at], message: `${name} ${problem}` });
  }
}
