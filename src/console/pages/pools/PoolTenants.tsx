// How the tenants share a pool.

import type { Pool } from '../../../client/index.ts';
import { count } from '../../format.ts';

export function PoolTenants({ pool: { tenants, groupLimit } }: { pool: Pool }) {
  if (tenants.length === 0) return null;
  return (
    <section>
      <h3>Tenants</h3>
      <table class="pools-tenants">
        <caption class="heard">Shares of the tenants</caption>
        <thead>
          <tr>
            <th scope="col">Tenant</th>
            <th scope="col" class="number">
              Queued
            </th>
            <th scope="col" class="number">
              Running
            </th>
            <th scope="col" class="number">
              Weight
            </th>
          </tr>
        </thead>
        <tbody>
          {tenants.map(({ tenant, queued, running, limit, weight }) => (
            <tr key={tenant}>
              <th scope="row">{tenant}</th>
              <td class="number">{count(queued)}</td>
              <td class="number">
                {count(running)}
                {limit === null ? '' : ` of ${count(limit)}`}
              </td>
              <td class="number">{count(weight)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {groupLimit === null ? null : <p class="muted">At most {count(groupLimit)} running tasks per group</p>}
    </section>
  );
}
