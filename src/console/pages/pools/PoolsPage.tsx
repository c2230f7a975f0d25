// The pools: what is wrong with each, its queue, slots, keys, tenants and spending. Those in trouble come first.

import { api, tenant } from '../../api/client.ts';
import { Loaded } from '../../components/Loaded.tsx';
import { counted } from '../../format.ts';
import { Page } from '../../frame/Page.tsx';
import { usePoll } from '../../live/poll.ts';
import { isLive } from '../workers/workerState.ts';
import type { Pool, Worker } from '../../../client/index.ts';
import { PoolCard } from './PoolCard.tsx';
import { rankOf, troublesOf, type Trouble } from './troubles.ts';
import './pools.css';

interface Seen {
  pools: Pool[];
  workers: Worker[];
}

const everyMs = 3_000;

async function readPools(signal: AbortSignal): Promise<Seen> {
  const [pools, workers] = await Promise.all([api.pools({ signal }), api.workers({ signal })]);
  return { pools, workers: workers.filter(isLive) };
}

export function PoolsPage() {
  const polled = usePoll(readPools, everyMs, tenant.value);
  return (
    <Page title="Pools">
      <Loaded polled={polled} what="the pools">
        {(seen) => <Pools seen={seen} onChange={() => void polled.refresh()} />}
      </Loaded>
    </Page>
  );
}

interface ShownPool {
  pool: Pool;
  workers: Worker[];
  troubles: Trouble[];
}

function Pools({ seen, onChange }: { seen: Seen; onChange: () => void }) {
  if (seen.pools.length === 0) {
    return (
      <p>
        No pool is declared. Start a worker, which declares its pool: <code>genwarden worker</code>
      </p>
    );
  }
  const shown = seen.pools.map((pool): ShownPool => {
    const workers = seen.workers.filter((worker) => worker.pool === pool.name);
    return { pool, workers, troubles: troublesOf(pool, workers) };
  });
  const worstFirst = shown.toSorted((a, b) => rankOf(a.troubles) - rankOf(b.troubles));
  return (
    <>
      <p class="muted">{summaryOf(shown)}</p>
      <ul class="stack">
        {worstFirst.map((each) => (
          <li key={each.pool.name}>
            <PoolCard {...each} onChange={onChange} />
          </li>
        ))}
      </ul>
    </>
  );
}

function summaryOf(shown: readonly ShownPool[]): string {
  const broken = shown.filter(({ troubles }) => rankOf(troubles) === 0).length;
  const held = shown.filter(({ troubles }) => rankOf(troubles) === 1).length;
  const all = counted(shown.length, 'pool');
  if (broken + held === 0) return `${all}; nothing is wrong.`;
  const parts = [...(broken > 0 ? [`${broken} with a problem`] : []), ...(held > 0 ? [`${held} held up`] : [])];
  return `${all}: ${parts.join(', ')}.`;
}
