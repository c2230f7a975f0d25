// The table of the workers: two rows each, the worker and what it runs.

import type { Worker } from '../../../client/index.ts';
import { pathTo } from '../../base.ts';
import { StateMark } from '../../components/StateBadge.tsx';
import { Gauge } from '../../components/Gauge.tsx';
import { Age, Elapsed, Moment } from '../../components/Time.tsx';
import { useQueryParameter } from '../../components/useQuery.ts';
import { byteCount } from '../../format.ts';
import { nextOrder, textOf, type Column, type Order } from './sorting.ts';
import { WorkerTasks } from './WorkerTasks.tsx';
import { isLive } from './workerState.ts';

const headings: readonly (readonly [column: Column, title: string, isNumber?: boolean])[] = [
  ['name', 'Worker'],
  ['pool', 'Pool'],
  ['state', 'State'],
  ['up', 'Up'],
  ['beat', 'Heartbeat', true],
  ['slots', 'Slots', true],
  ['lag', 'Lag', true],
  ['memory', 'Memory', true],
];

export function WorkersTable({ workers, order }: { workers: readonly Worker[]; order: Order }) {
  return (
    <table class="workers-table">
      <caption class="heard">Workers</caption>
      <thead>
        <tr>
          {headings.map(([column, title, isNumber]) => (
            <Heading key={column} column={column} title={title} isNumber={isNumber ?? false} order={order} />
          ))}
        </tr>
      </thead>
      {workers.map((worker) => (
        <WorkerRows key={worker.name} worker={worker} />
      ))}
    </table>
  );
}

interface HeadingProps {
  column: Column;
  title: string;
  isNumber: boolean;
  order: Order;
}

function Heading({ column, title, isNumber, order }: HeadingProps) {
  const [, sort] = useQueryParameter('sort');
  const isSorted = order.column === column;
  return (
    <th
      scope="col"
      class={isNumber ? 'number' : ''}
      aria-sort={isSorted ? (order.descending ? 'descending' : 'ascending') : undefined}
    >
      <button type="button" class="plain workers-sort" onClick={() => sort(textOf(nextOrder(order, column)))}>
        {title}
        <span aria-hidden="true">{isSorted ? (order.descending ? '↓' : '↑') : ''}</span>
      </button>
    </th>
  );
}

/** The states of tasks whose colours and shapes stand for states of workers. */
const looks = {
  live: 'succeeded',
  draining: 'waiting',
  stopped: 'cancelled',
  lost: 'failed',
} as const;

function WorkerRows({ worker }: { worker: Worker }) {
  const { name, pool, host, pid, version, startedAt, lastBeat, slots, eventLoopLag } = worker;
  const { state } = worker;
  return (
    <tbody class={isLive(worker) ? '' : 'workers-gone'}>
      <tr class="workers-facts">
        <th scope="row">
          <span dir="auto">{name}</span>
          <span class="muted workers-where">
            {host}, pid {pid}, version {version}
          </span>
        </th>
        <td data-label="Pool">
          <a href={pathTo(`/workers?pool=${encodeURIComponent(pool)}`)}>{pool}</a>
        </td>
        <td>
          <StateMark like={looks[state]}>{state}</StateMark>
        </td>
        <td data-label="Up">
          <Elapsed from={startedAt} to={isLive(worker) ? null : lastBeat} />
          <span class="muted workers-since">
            since <Moment at={startedAt} plain />
          </span>
        </td>
        <td data-label="Heartbeat" class="number">
          <Age since={lastBeat} /> ago
        </td>
        <td data-label="Slots" class="number">
          {slots.busy} of {slots.total}
          {slots.leaked === 0 ? null : <span class="workers-warn">{slots.leaked} leaked</span>}
        </td>
        <td data-label="Lag" class={`number ${eventLoopLag >= slowLagMs ? 'workers-warn' : ''}`}>
          {Math.round(eventLoopLag)} ms
        </td>
        <td data-label="Memory" class="number">
          <Memory worker={worker} />
        </td>
      </tr>
      <tr class="workers-runs">
        <td colSpan={headings.length}>
          <WorkerTasks worker={worker} />
        </td>
      </tr>
    </tbody>
  );
}

/** A worker whose event loop is blocked for so long soon misses heartbeats. */
const slowLagMs = 500;

function Memory({ worker: { name, memory, attemptMemory } }: { worker: Worker }) {
  if (attemptMemory === null) return <>{byteCount(memory)}</>;
  const text = `${byteCount(attemptMemory.used)} of ${byteCount(attemptMemory.limit)}`;
  return (
    <>
      {byteCount(memory)}
      <span class="muted workers-attempts">attempts {text}</span>
      <Gauge
        value={attemptMemory.used}
        limit={attemptMemory.limit}
        label={`Memory of the attempts of ${name}`}
        text={text}
      />
    </>
  );
}
