// One pool.

import { useState } from 'preact/hooks';
import type { Pool, Worker } from '../../../client/index.ts';
import { can } from '../../api/session.ts';
import { pathTo } from '../../base.ts';
import { Age } from '../../components/Time.tsx';
import { count, counted } from '../../format.ts';
import { PauseDialog, ResumeDialog } from './PauseDialog.tsx';
import { PoolKeys } from './PoolKeys.tsx';
import { PoolQueue } from './PoolQueue.tsx';
import { PoolSlots } from './PoolSlots.tsx';
import { PoolSpending } from './PoolSpending.tsx';
import { PoolTenants } from './PoolTenants.tsx';
import { PoolTroubles } from './PoolTroubles.tsx';
import { rankOf, type Trouble } from './troubles.ts';

interface PoolCardProps {
  pool: Pool;
  /** Those of the pool. */
  workers: readonly Worker[];
  troubles: readonly Trouble[];
  /** The pool was changed. */
  onChange: () => void;
}

/** By the rank of its troubles. */
const looks = ['broken', 'held', 'fine'] as const;

export function PoolCard({ pool, workers, troubles, onChange }: PoolCardProps) {
  const heading = `pool-${pool.name}`;
  return (
    <article class={`card pools-card ${looks[rankOf(troubles)]}`} aria-labelledby={heading}>
      <div class="row spread pools-head">
        <div class="row">
          <h2 id={heading}>{pool.name}</h2>
          <span class="muted">{pool.provider}</span>
          {pool.managed === null ? null : (
            <span class="muted">
              WorkerPool {pool.managed.namespace}/{pool.managed.name}
            </span>
          )}
          {pool.standIn ? <span class="pools-mark">stand-in</span> : null}
          <a class="muted" href={pathTo(`/workers?pool=${encodeURIComponent(pool.name)}`)}>
            {counted(pool.workers, 'worker')}
          </a>
        </div>
        {can('admin') && pool.pausedBy !== 'spec' ? <PauseButton pool={pool} onChange={onChange} /> : null}
      </div>
      <Models models={pool.models} />
      <PoolTroubles pool={pool} troubles={troubles} />
      <Counts pool={pool} />
      <div class="pools-parts">
        <div class="stack">
          <PoolQueue pool={pool} />
          <PoolSlots workers={workers} />
        </div>
        <PoolKeys keys={pool.keys} />
        <div class="stack">
          <PoolSpending spending={pool.spending} />
          <PoolTenants pool={pool} />
        </div>
      </div>
    </article>
  );
}

function PauseButton({ pool, onChange }: { pool: Pool; onChange: () => void }) {
  const [asks, setAsks] = useState(false);
  const Ask = pool.paused ? ResumeDialog : PauseDialog;
  return (
    <>
      <button type="button" onClick={() => setAsks(true)}>
        {pool.paused ? 'Resume' : 'Pause'}
        <span class="heard"> pool {pool.name}</span>
      </button>
      {asks ? <Ask pool={pool} onClose={() => setAsks(false)} onDone={onChange} /> : null}
    </>
  );
}

/** Each count of tasks leads to the jobs behind it. */
function Counts({ pool }: { pool: Pool }) {
  const counts = [
    ['queued', pool.queued, 'queued'],
    ['running', pool.running, 'running'],
    ['waiting', pool.waiting, 'waiting'],
    ['needs_review', pool.needsReview, 'needs review'],
  ] as const;
  return (
    <ul class="row pools-counts">
      {counts.map(([state, value, word]) => (
        <li key={state} class={value === 0 ? 'muted' : state}>
          <a href={pathTo(`/?pool=${encodeURIComponent(pool.name)}&state=${state}`)}>
            <strong>{count(value)}</strong> {word}
          </a>
        </li>
      ))}
      {pool.oldestQueuedAt === null ? null : (
        <li class="muted">
          oldest queued for <Age since={pool.oldestQueuedAt} />
        </li>
      )}
    </ul>
  );
}

function Models({ models }: { models: Pool['models'] }) {
  const kinds = Object.entries(models).filter(([, names]) => names.length > 0);
  return <p class="muted pools-models">{kinds.map(([kind, names]) => `${kind}: ${names.join(', ')}`).join('; ')}</p>;
}
