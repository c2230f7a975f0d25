// The tables of `genwarden top`: pools, workers and open jobs.

import type { ListedJob, Pool, Worker } from '../../../client/index.ts';
import { paintState, type Paint } from '../../output/colours.ts';
import { ageOf, formatBytes } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';
import { doneOf, jobReason } from '../jobTables.ts';
import { readyKeys } from '../poolTrouble.ts';
import { workerState } from '../workers.ts';
import { isPresent } from './snapshot.ts';

/** `now` in ms since 1970. */
export function poolColumns(workers: readonly Worker[], now: number): Column<Pool>[] {
  const slotsOf = (pool: string): string => {
    const slots = workers.filter((worker) => worker.pool === pool && isPresent(worker)).map((worker) => worker.slots);
    const sum = (pick: (of: Worker['slots']) => number): number => slots.reduce((all, of) => all + pick(of), 0);
    return `${sum(({ busy }) => busy)}/${sum(({ total }) => total)}`;
  };
  return [
    { title: 'POOL', value: ({ name, paused }) => (paused ? `${name} (paused)` : name), min: 12 },
    { title: 'QUEUED', value: ({ queued }) => queued, align: 'right' },
    { title: 'OLDEST', value: ({ oldestQueuedAt }) => ageOf(oldestQueuedAt, now), align: 'right', drop: 3 },
    { title: 'RUNNING', value: ({ running }) => running, align: 'right' },
    { title: 'WAITING', value: ({ waiting }) => waiting, align: 'right', drop: 4 },
    { title: 'WORKERS', value: ({ workers: count }) => count, align: 'right', drop: 2 },
    { title: 'SLOTS', value: ({ name }) => slotsOf(name), align: 'right' },
    { title: 'KEYS', value: readyKeys, align: 'right', drop: 1 },
    { title: 'CALLS/MIN', value: callsOf, align: 'right', drop: 5 },
  ];
}

/** Of the last minute, and the limit of all keys. */
function callsOf({ keys }: Pool): string {
  const sum = (of: (key: Pool['keys'][number]) => number): number => keys.reduce((all, key) => all + of(key), 0);
  // APIs of earlier versions do not count them.
  if (keys.some((key: Partial<Pool['keys'][number]>) => key.callsLastMinute === undefined)) return '';
  return keys.length === 0 ? '' : `${sum((key) => key.callsLastMinute)}/${sum((key) => key.requestsPerMinute)}`;
}

export function workerColumns(now: number): Column<Worker>[] {
  return [
    { title: 'WORKER', value: ({ name }) => name, min: 12 },
    { title: 'POOL', value: ({ pool }) => pool, min: 8 },
    { title: 'STATE', value: workerState },
    { title: 'SLOTS', value: ({ slots }) => `${slots.busy}/${slots.total}`, align: 'right' },
    { title: 'MEMORY', value: ({ memory }) => formatBytes(memory), align: 'right', drop: 3 },
    { title: 'LAG', value: ({ eventLoopLag }) => `${Math.round(eventLoopLag)}ms`, align: 'right', drop: 2 },
    { title: 'BEAT', value: ({ lastBeat }) => ageOf(lastBeat, now), align: 'right', drop: 5 },
    {
      title: 'TASKS',
      value: ({ tasks }) => tasks.map(({ job, task }) => `${job}/${task}`).join(' '),
      min: 10,
      drop: 4,
    },
  ];
}

/** The reason comes before the prompt: a terminal may be too narrow for both. */
export function jobColumns(now: number, paint: Paint): Column<ListedJob>[] {
  return [
    { title: 'OPEN JOB', value: ({ id }) => id },
    { title: 'STATE', value: ({ state }) => state, paint: (text, { state }) => paintState(paint, state, text) },
    { title: 'DONE', value: doneOf, align: 'right' },
    { title: 'AGE', value: ({ submittedAt }) => ageOf(submittedAt, now), align: 'right', drop: 2 },
    { title: 'REASON', value: (job) => jobReason(job, now), wrap: 20, drop: 1 },
    { title: 'PROMPT', value: ({ prompt }) => prompt, min: 12, drop: 3 },
  ];
}
