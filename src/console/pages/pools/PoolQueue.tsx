// The queue of a pool by lane, in the order in which lanes are served.

import type { Pool } from '../../../client/index.ts';
import { count } from '../../format.ts';

const lanes = ['again', 'high', 'normal', 'low', 'guest'] as const;

export function PoolQueue({ pool }: { pool: Pool }) {
  const rows = [
    ...lanes.map((lane) => [lane, pool.depth[lane], undefined] as const),
    ...(pool.unacknowledged === 0
      ? []
      : [['delivered', pool.unacknowledged, 'Delivered to a worker that cannot start them yet'] as const]),
  ];
  const most = Math.max(1, ...rows.map(([, tasks]) => tasks));
  return (
    <section>
      <h3>Queue</h3>
      <dl class="pools-lanes">
        {rows.map(([lane, tasks, title]) => (
          <div key={lane} class={tasks === 0 ? 'muted' : ''} title={title}>
            <dt>{lane}</dt>
            <dd>
              <span class="pools-lane-bar" aria-hidden="true">
                <span style={{ width: `${(100 * tasks) / most}%` }} />
              </span>
              <span class="number">{count(tasks)}</span>
            </dd>
          </div>
        ))}
      </dl>
      <Ended pool={pool} />
    </section>
  );
}

/** A task that ends while it is queued, such as by a cancel, stays in its lane until a worker takes and drops it. */
function Ended({ pool: { depth, queued } }: { pool: Pool }) {
  const ended = lanes.reduce((sum, lane) => sum + depth[lane], 0) - queued;
  if (ended <= 0) return null;
  return (
    <p class="muted">
      {count(ended)} of them {ended === 1 ? 'has' : 'have'} ended; a worker drops {ended === 1 ? 'it' : 'them'}.
    </p>
  );
}
