// Checks after a fault that every acknowledged job exists and has finished and that none succeeded twice, and measures how long
// the affected tasks took to continue.

import { expect } from 'vitest';
import { GenwardenApiError } from '../../../src/client/index.ts';
import type { GenwardenClient, Job, Transition } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { addRow } from './table.ts';

export interface AuditOptions {
  /** The name of the row. */
  readonly fault: string;
  readonly jobs: readonly string[];
  /** When the fault began, ms since 1970 by the clock of this machine, which is also the cluster's node. */
  readonly faultAt: number;
  /** All jobs must be terminal within this time, ms; default 180 s. */
  readonly withinMs?: number;
}

export interface Audited {
  readonly histories: readonly (readonly Transition[])[];
  /** ms from the fault to the next claim or end, for each task that the fault took from its worker. */
  readonly recoveries: readonly number[];
  /** The longest time without a claim, ms. */
  readonly pause: number;
  /** How many tasks of the row needed more than one attempt. */
  readonly again: number;
}

/** Always adds a row, then fails the test if a guarantee was violated. */
export async function audit(client: GenwardenClient, options: AuditOptions): Promise<Audited> {
  const { fault, jobs, faultAt, withinMs = 180_000 } = options;
  const signal = AbortSignal.timeout(withinMs);
  const ends = await Promise.all(jobs.map((job) => endOf(client, job, signal)));
  const found = jobs.filter((_, at) => ends[at] !== 'lost');
  const histories = await Promise.all(found.map((job) => historyOf(client, job)));
  const recoveries = histories.flatMap((history) => recoveryOf(history, faultAt)).toSorted((a, b) => a - b);
  const row = {
    fault,
    jobs: jobs.length,
    terminal: ends.filter((end) => typeof end === 'object').length,
    lost: jobs.length - found.length,
    double: histories.filter(succeededTwice).length,
    hit: recoveries.length,
    p50: recoveries[Math.floor((recoveries.length - 1) / 2)],
    max: recoveries.at(-1),
    pause: longestPause(histories, faultAt),
  };
  addRow(row);
  expect(row).toMatchObject({ terminal: jobs.length, lost: 0, double: 0 });
  const failed = ends.flatMap((end) => (typeof end === 'object' && end.state !== 'succeeded' ? [story(end)] : []));
  expect(failed).toEqual([]);
  return {
    histories,
    recoveries,
    pause: row.pause,
    again: histories.filter((history) => history.some(wasRepeated)).length,
  };
}

async function endOf(client: GenwardenClient, job: string, signal: AbortSignal): Promise<Job | 'open' | 'lost'> {
  try {
    return await client.wait(job, { signal });
  } catch (error) {
    if (error instanceof GenwardenApiError && error.status === 404) return 'lost';
    if (signal.aborted) return 'open';
    throw error;
  }
}

/** For some seconds, the cluster treats a node that was cut off as lost and its pods as not ready. */
const historyOf = (client: GenwardenClient, job: string): Promise<Transition[]> =>
  until(() => client.history(job), { what: `the history of ${job}`, timeoutMs: 60_000, intervalMs: 500 });

/** Runs of one task that succeeded more than once. */
function succeededTwice(history: readonly Transition[]): boolean {
  const runs = history.filter(({ state }) => state === 'succeeded').map(({ task, run }) => `${task}.${run}`);
  return new Set(runs).size < runs.length;
}

const wasRepeated = ({ attempt, attemptsLost }: Transition): boolean => attempt > 1 || attemptsLost > 0;

/** For a task that the fault took from its worker: ms until it ran again or ended. */
function recoveryOf(history: readonly Transition[], faultAt: number): number[] {
  const taken = history.findIndex(
    ({ at, state, reason }, index) =>
      Date.parse(at) > faultAt && state === 'queued' && /Lost|Orphaned|Drained/.test(reason) && index > 0,
  );
  const before = history[taken - 1];
  if (before === undefined || Date.parse(before.at) > faultAt) return [];
  const next = history.slice(taken + 1).find(({ state }) => state !== 'queued');
  return next === undefined ? [] : [Date.parse(next.at) - faultAt];
}

/** The longest time after the fault without any claim, while jobs kept arriving, ms. */
function longestPause(histories: readonly (readonly Transition[])[], faultAt: number): number {
  const claims = histories.flat().filter(({ state, at }) => state === 'running' && Date.parse(at) > faultAt);
  const times = [faultAt, ...claims.map(({ at }) => Date.parse(at)).toSorted((a, b) => a - b)];
  return Math.max(...times.slice(1).map((time, index) => time - times[index]!));
}

const story = ({ id, state, tasks }: Job): string =>
  `${id} ${state}: ${(tasks ?? []).map(({ reason, message }) => `${reason} ${message}`).join('; ')}`;
