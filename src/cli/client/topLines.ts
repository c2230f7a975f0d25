// What `top` shows: a table of the pools, and one of the workers, the busiest first.

import type { Pool, Worker } from '../../client/index.ts';
import { ageOf, formatBytes } from '../output/age.ts';
import { renderTable, type Column, type TableOptions } from '../output/table.ts';

interface Seen {
  readonly pools: readonly Pool[];
  readonly workers: readonly Worker[];
}

/** `now` in ms since 1970. */
export function topLines({ pools, workers }: Seen, { now, ...options }: TableOptions & { now: number }): string[] {
  const busiest = workers.toSorted((a, b) => b.slots.busy - a.slots.busy || (a.name < b.name ? -1 : 1));
  return [
    ...renderTable(pools, poolColumns(workers, now), options),
    '',
    ...(workers.length === 0 ? ['No worker is alive.'] : renderTable(busiest, workerColumns(now), options)),
  ];
}

function poolColumns(workers: readonly Worker[], now: number): Column<Pool>[] {
  const slotsOf = (pool: string): string => {
    const slots = workers.filter((worker) => worker.pool === pool).map((worker) => worker.slots);
    const sum = (pick: (of: Worker['slots']) => number): number => slots.reduce((all, of) => all + pick(of), 0);
    return `${sum(({ busy }) => busy)}/${sum(({ total }) => total)}`;
  };
  return [
    { title: 'POOL', value: ({ name, paused }) => (paused ? `${name} (paused)` : name) },
    { title: 'QUEUED', value: ({ queued }) => queued, align: 'right' },
    { title: 'OLDEST', value: ({ oldestQueuedAt }) => ageOf(oldestQueuedAt, now), align: 'right' },
    { title: 'RUNNING', value: ({ running }) => running, align: 'right' },
    { title: 'WAITING', value: ({ waiting }) => waiting, align: 'right' },
    { title: 'WORKERS', value: ({ workers: count }) => count, align: 'right' },
    { title: 'SLOTS', value: ({ name }) => slotsOf(name), align: 'right' },
    { title: 'KEYS COOLING', value: coolingKeys, align: 'right' },
  ];
}

function coolingKeys({ keys }: Pool): string {
  return `${keys.filter(({ state }) => state === 'cooling' || state === 'refused').length}/${keys.length}`;
}

function workerColumns(now: number): Column<Worker>[] {
  return [
    { title: 'WORKER', value: ({ name }) => name },
    { title: 'POOL', value: ({ pool }) => pool },
    { title: 'SLOTS', value: ({ slots }) => `${slots.busy}/${slots.total}`, align: 'right' },
    { title: 'MEMORY', value: ({ memory }) => formatBytes(memory), align: 'right' },
    { title: 'LAG', value: ({ eventLoopLag }) => `${Math.round(eventLoopLag)}ms`, align: 'right' },
    { title: 'BEAT', value: ({ lastBeat }) => ageOf(lastBeat, now), align: 'right' },
    { title: 'STATUS', value: ({ draining }) => (draining ? 'draining' : 'ready') },
    { title: 'TASKS', value: ({ tasks }) => tasks.map(({ job, task }) => `${job}/${task}`).join(' ') },
  ];
}
