// What is wrong with a pool, in words, with what happens next.

import type { Pool } from '../../../client/index.ts';
import { Countdown, Moment } from '../../components/Time.tsx';
import { Words } from '../../components/Words.tsx';
import { useFirstQueueTimeout } from './firstQueueTimeout.ts';
import type { Trouble } from './troubles.ts';

export function PoolTroubles({ pool, troubles }: { pool: Pool; troubles: readonly Trouble[] }) {
  if (troubles.length === 0) return null;
  return (
    <ul class="pools-troubles">
      {troubles.map((trouble) => (
        <TroubleLine key={trouble.text} {...trouble} />
      ))}
      {pool.queued > 0 && pool.paused ? <QueueTimeoutLine pool={pool} /> : null}
    </ul>
  );
}

function TroubleLine({ severity, text, since, next, words, advice }: Trouble) {
  return (
    <li class={`pools-trouble ${severity === 'problem' ? 'broken' : 'held'}`}>
      <span aria-hidden="true">{severity === 'problem' ? '✕' : '◍'}</span>
      <div>
        <p>
          <strong>{text}</strong>
          {since === undefined ? null : (
            <>
              {' '}
              since <Moment at={since} />
            </>
          )}
          {next === undefined ? null : (
            <>
              ; {next.what} <Countdown until={next.at} past={next.past} />
            </>
          )}
        </p>
        {words === undefined ? null : (
          <p class="muted" dir="auto">
            <q>{words}</q>
          </p>
        )}
        {advice === undefined ? null : (
          <p class="muted">
            <Words text={advice} />
          </p>
        )}
      </div>
    </li>
  );
}

/** Queue timeouts keep running while a pool is paused. */
function QueueTimeoutLine({ pool }: { pool: Pool }) {
  const first = useFirstQueueTimeout(pool.name);
  if (first === null) return null;
  return (
    <li class="pools-trouble held">
      <span aria-hidden="true">◍</span>
      <p>
        Queue timeouts keep running: the first queued task fails with QueueTimeout <Countdown until={first} /> (
        <Moment at={first} plain />)
      </p>
    </li>
  );
}
