// What is wrong with pools, one line each: outages, and keys that cannot be used, with the time that is left.

import type { Pool } from '../../client/index.ts';
import { inWords } from '../output/format.ts';

/** `now` in ms since 1970. */
export function outageLines({ name, outages }: Pool, now: number): string[] {
  return outages.map((outage) => {
    const { model, since, until } = outage;
    return `${name}: the provider ${answerOf(outage)} for ${model} since ${since}${wordsOf(outage)}; ${nextProbe(until, now)}`;
  });
}

/** As `outageLines`, but the countdown comes first: a narrow terminal cuts the rest. */
export function shortOutageLines({ name, outages }: Pool, now: number): string[] {
  return outages.map((outage) => {
    const { model, since, until } = outage;
    return `${name}: ${model} ${answerOf(outage)}, ${nextProbe(until, now)}; out since ${since}${wordsOf(outage)}`;
  });
}

const answerOf = ({ status }: Pool['outages'][number]): string =>
  status === null ? 'cannot be reached' : `answers ${status}`;

const wordsOf = ({ message }: Pool['outages'][number]): string => (message === '' ? '' : ` (${message})`);

const nextProbe = (until: string, now: number): string =>
  Date.parse(until) <= now ? 'the next probe is due' : `next probe ${inWords(until, now)}`;

export const keyLines = (pool: Pool, now: number): string[] =>
  pool.keys.flatMap((key) => linesOfKey(pool.name, key, now));

function linesOfKey(pool: string, key: Pool['keys'][number], now: number): string[] {
  const { fingerprint, state, until, cause, message, models } = key;
  const words = message === '' ? '' : `: ${message}`;
  const why = cause === null ? '' : ` (${cause}${words})`;
  const again = state === 'refused' ? 'next check' : 'usable again';
  const usable = until === null ? '' : `; ${again} ${inWords(until, now)}`;
  // A key counts as cooling if it cools for every model that was called; the models say more.
  if (state === 'refused' || (state === 'cooling' && models.length === 0))
    return [`${pool}: key ${fingerprint} is ${state}${why}${usable}`];
  return models.map((model) => {
    const then = model.state === 'noQuota' || model.state === 'refused' ? 'next check' : 'usable again';
    return `${pool}: key ${fingerprint} is ${modelStates[model.state]} for ${model.model} (${model.cause}); ${then} ${inWords(model.until, now)}`;
  });
}

const modelStates = {
  cooling: 'cooling',
  exhausted: 'out of quota',
  noQuota: 'without a quota',
  refused: 'refused',
} as const;

/** The number of keys that are usable now or once a request in flight ends, and of all keys. */
export function readyKeys({ keys }: Pool): string {
  const usable = keys.filter(({ state }) => state === 'ready' || state === 'busy').length;
  return `${usable}/${keys.length}`;
}
