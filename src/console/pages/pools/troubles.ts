// What is wrong with a pool, or needs to be known about it: the worst first.

import type { Pool, Worker } from '../../../client/index.ts';
import { amount, counted } from '../../format.ts';
import { nameSecret, replaceInSecret, resumePatch } from './managed.ts';
import { slotsOf } from './slots.ts';

export interface Trouble {
  /** `problem`: something is broken. `notice`: tasks wait for something that was chosen or that ends by itself. */
  severity: 'problem' | 'notice';
  /** A sentence without its times and without a full stop. */
  text: string;
  since?: string;
  /** What happens by itself, and when. */
  next?: { what: string; at: string; past: string };
  /** Of the provider. */
  words?: string;
  advice?: string;
}

type Rule = (pool: Pool, workers: readonly Worker[]) => readonly Trouble[];

const rules: readonly Rule[] = [
  noWorkers,
  noKeys,
  outages,
  refusedKeys,
  coolingKeys,
  spentBudgets,
  paused,
  leakedSlots,
];

/** `workers`: those of the pool. */
export function troublesOf(pool: Pool, workers: readonly Worker[]): Trouble[] {
  const all = rules.flatMap((rule) => rule(pool, workers));
  return all.toSorted((a, b) => rankOf([a]) - rankOf([b]));
}

/** 0 with a problem, 1 with a notice, 2 without both. */
export function rankOf(troubles: readonly Trouble[]): number {
  if (troubles.some(({ severity }) => severity === 'problem')) return 0;
  return troubles.length > 0 ? 1 : 2;
}

function noWorkers({ name, workers: count, managed }: Pool, workers: readonly Worker[]): Trouble[] {
  const advice =
    managed === null
      ? `Start one with \`genwarden worker --pool ${name}\`.`
      : '`kubectl genwarden doctor` says why the operator runs none.';
  if (count === 0) return [{ severity: 'problem', text: 'No worker serves this pool', advice }];
  if (workers.length === 0 || workers.some(({ draining }) => !draining)) return [];
  return [{ severity: 'problem', text: 'Every worker of this pool is draining, and starts no more tasks', advice }];
}

function noKeys({ keys, managed }: Pool): Trouble[] {
  if (keys.length > 0) return [];
  const advice =
    managed === null
      ? 'Set the keys of its provider, or keys in the pools file, for its workers.'
      : nameSecret(managed);
  return [{ severity: 'problem', text: 'No API key is configured', advice }];
}

function outages({ outages: all }: Pool): Trouble[] {
  return all.map(({ model, state, since, until, status, message, failures }) => {
    const what = status === null ? 'cannot be reached' : `answers ${status}`;
    const next =
      state === 'probing'
        ? { what: 'a probe is running, and ends at the latest', at: until, past: 'now' }
        : { what: 'next probe', at: until, past: 'is due' };
    return {
      severity: 'problem',
      text: `The provider ${what} for ${model} (${counted(failures, 'failure')})`,
      since,
      next,
      ...(message === '' ? {} : { words: message }),
    };
  });
}

function refusedKeys({ keys, managed }: Pool): Trouble[] {
  const refused = keys.filter(({ state }) => state === 'refused');
  if (refused.length === 0) return [];
  const advice =
    managed === null
      ? 'Replace the key: workers read changed key files while they run, and keys from the environment at their start.'
      : replaceInSecret(managed);
  return [{ severity: 'problem', text: `The provider refuses ${ofAll(refused.length, keys.length)}`, advice }];
}

/** Keys count only together: while another one can be used, a cooling key delays nothing. */
function coolingKeys({ keys }: Pool): Trouble[] {
  const cooling = keys.filter(({ state }) => state === 'cooling');
  const usable = keys.some(({ state }) => state === 'ready' || state === 'busy');
  if (cooling.length === 0 || usable) return [];
  const first = cooling.flatMap(({ until }) => until ?? []).toSorted()[0];
  return [
    {
      severity: 'notice',
      text: `No key can be used now: ${ofAll(cooling.length, keys.length)} ${cooling.length === 1 ? 'is' : 'are'} cooling`,
      ...(first === undefined ? {} : { next: { what: 'the first is usable again', at: first, past: 'now' } }),
    },
  ];
}

const ofAll = (some: number, all: number): string =>
  all === 1 ? 'its only key' : some === all ? `all ${all} keys` : `${some} of ${all} keys`;

function spentBudgets({ spending }: Pool): Trouble[] {
  return spending.flatMap(({ tenant, day, month, limits, dayEndsAt, monthEndsAt }) => {
    const whose = tenant === null ? 'of this pool' : `of tenant ${tenant}`;
    return [
      ...spent(`Today's budget ${whose}`, day, limits.day, 'the next day begins', dayEndsAt),
      ...spent(`This month's budget ${whose}`, month, limits.month, 'the next month begins', monthEndsAt),
    ];
  });
}

function spent(budget: string, used: number, limit: number | undefined, what: string, at: string): Trouble[] {
  if (limit === undefined || used < limit) return [];
  const text = `${budget} is spent: ${amount(used)} of ${amount(limit)}`;
  return [{ severity: 'notice', text, next: { what, at, past: 'now' } }];
}

function paused({ paused: isPaused, pausedUntil, pausedBy, managed }: Pool): Trouble[] {
  if (!isPaused) return [];
  if (pausedBy === 'spec' && managed !== null) {
    const advice = `Resume it with \`${resumePatch(managed)}\`.`;
    const text = 'This pool is paused by spec.paused of its WorkerPool: its workers start no more tasks';
    return [{ severity: 'notice', text, advice }];
  }
  const text = 'This pool is paused: its workers start no more tasks';
  if (pausedUntil === null) return [{ severity: 'notice', text: `${text} until it is resumed` }];
  return [{ severity: 'notice', text, next: { what: 'resumes', at: pausedUntil, past: 'now' } }];
}

function leakedSlots(_: Pool, workers: readonly Worker[]): Trouble[] {
  const { leaked } = slotsOf(workers);
  if (leaked === 0) return [];
  const text = `${counted(leaked, 'slot')} ${leaked === 1 ? 'is' : 'are'} leaked: a call does not end, although it was aborted`;
  return [{ severity: 'notice', text, advice: 'A restart of the worker frees its slots.' }];
}
