// The schemas of how a pool's tenants share its workers, for the pools file and for WorkerPools.

import { z } from 'zod';

const most = (what: string) =>
  z.int().min(1).max(1_000_000).exactOptional().describe(`The most tasks of ${what} that run at the same time.`);

const tenantName = z.string().min(1).max(253);

export const limitsSchema = z
  .strictObject({
    tenant: most('each tenant'),
    group: most('each group of a tenant'),
    tenants: z
      .record(tenantName, z.int().min(1).max(1_000_000))
      .refine((all) => Object.keys(all).length <= 1_000, 'has more than 1000 tenants')
      .meta({ maxProperties: 1_000 })
      .exactOptional()
      .describe('The limits of these tenants, in place of `tenant`.'),
  })
  .refine((all) => Object.keys(all).length > 0, 'must have tenant, group or tenants')
  .meta({ minProperties: 1 });

export const weightsSchema = z
  .record(tenantName, z.int().min(1).max(1_000))
  .refine((all) => Object.keys(all).length <= 1_000, 'has more than 1000 tenants')
  .meta({ maxProperties: 1_000 });

/** What a declaration says of them; undefined if nothing is configured. */
export function sharesOf(
  limits: z.infer<typeof limitsSchema> | undefined,
  weights: Record<string, number> | undefined,
) {
  if (limits === undefined && weights === undefined) return undefined;
  return { ...(limits === undefined ? {} : { limits }), ...(weights === undefined ? {} : { weights }) };
}
