// What a pool's calls cost in this day and month (UTC), against the budgets.

import type { Pool } from '../../../client/index.ts';
import { Gauge } from '../../components/Gauge.tsx';
import { amount } from '../../format.ts';
import { costsOf, type Cost } from './costs.ts';

export function PoolSpending({ spending }: { spending: Pool['spending'] }) {
  if (spending.length === 0) return null;
  return (
    <section>
      <h3>Cost</h3>
      <ul class="pools-costs">
        {costsOf(spending).map((cost) => (
          <CostLine key={cost.what} {...cost} />
        ))}
      </ul>
    </section>
  );
}

function CostLine({ what, used, limit }: Cost) {
  const text = limit === undefined ? amount(used) : `${amount(used)} of ${amount(limit)}`;
  return (
    <li>
      <span class="row spread">
        <span>{what}</span>
        <span class={limit !== undefined && used >= limit ? 'pools-over' : ''}>{text}</span>
      </span>
      {limit === undefined ? null : <Gauge value={used} limit={limit} label={`Cost ${what}`} text={text} />}
    </li>
  );
}
