// The workers and what each runs.

import type { Worker } from '../../../client/index.ts';
import { api, tenant } from '../../api/client.ts';
import { Code } from '../../components/Copy.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { useQueryParameter } from '../../components/useQuery.ts';
import { counted } from '../../format.ts';
import { Page } from '../../frame/Page.tsx';
import { usePoll } from '../../live/poll.ts';
import { slotsOf } from '../pools/slots.ts';
import { orderFrom, sortWorkers } from './sorting.ts';
import { WorkersTable } from './WorkersTable.tsx';
import { isLive } from './workerState.ts';
import './workers.css';

const everyMs = 2_000;

export function WorkersPage() {
  const polled = usePoll((signal) => api.workers({ signal }), everyMs, tenant.value);
  return (
    <Page title="Workers">
      <Loaded polled={polled} what="the workers">
        {(workers) => <Workers workers={workers} />}
      </Loaded>
    </Page>
  );
}

function Workers({ workers }: { workers: readonly Worker[] }) {
  const [pool, choosePool] = useQueryParameter('pool');
  const [sort] = useQueryParameter('sort');
  const order = orderFrom(sort);
  const shown = sortWorkers(
    workers.filter((worker) => pool === undefined || worker.pool === pool),
    order,
  );
  const pools = [
    ...new Set([...workers.map((worker) => worker.pool), ...(pool === undefined ? [] : [pool])]),
  ].toSorted();
  return (
    <>
      <div class="row spread">
        <p class="muted">{summaryOf(shown)}</p>
        <label class="row">
          Pool
          <select value={pool ?? ''} onChange={(event) => choosePool(event.currentTarget.value || undefined)}>
            <option value="">all</option>
            {pools.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {shown.length === 0 ? <NoWorkers pool={pool} /> : <WorkersTable workers={shown} order={order} />}
    </>
  );
}

function summaryOf(workers: readonly Worker[]): string {
  const live = workers.filter(isLive);
  const { busy, total } = slotsOf(live);
  const others = (['draining', 'stopped', 'lost'] as const).flatMap((state) => {
    const some = workers.filter((worker) => worker.state === state).length;
    return some === 0 ? [] : [`${some} ${state}`];
  });
  const states = others.length === 0 ? '' : ` (${others.join(', ')})`;
  return `${counted(workers.length, 'worker')}${states}; ${busy} of ${counted(total, 'slot')} busy.`;
}

function NoWorkers({ pool }: { pool: string | undefined }) {
  return (
    <section class="card stack workers-none">
      <h2>{pool === undefined ? 'No worker sends heartbeats' : `No worker serves pool ${pool}`}</h2>
      <p>Tasks stay queued until one does. Start a worker:</p>
      <Code
        text={`genwarden worker${pool === undefined ? '' : ` --pool ${pool}`}`}
        label="Command that starts a worker"
      />
      <p class="muted">
        In Kubernetes, <code>kubectl genwarden doctor</code> says why none runs.
      </p>
    </section>
  );
}
