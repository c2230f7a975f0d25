// The costs of a pool that are worth a line: of the pool, and of tenants where they have a limit or spend only a part.

import type { Pool } from '../../../client/index.ts';

export interface Cost {
  what: string;
  used: number;
  limit: number | undefined;
}

export function costsOf(spending: Pool['spending']): Cost[] {
  const total = spending.find(({ tenant }) => tenant === null);
  return spending.flatMap(({ tenant, day, month, limits }) => {
    const whose = tenant === null ? '' : ` by tenant ${tenant}`;
    const costs: Cost[] = [
      { what: `today${whose}`, used: day, limit: limits.day },
      { what: `this month${whose}`, used: month, limit: limits.month },
    ];
    const isSame = (at: number): boolean => costs[at]!.used === (at === 0 ? total?.day : total?.month);
    return costs.filter(({ limit }, at) => tenant === null || limit !== undefined || !isSame(at));
  });
}
