// Why no key of a pool admits a call of a model, in numbers.

import { ownWords, type Block } from '../block.ts';
import type { Target } from '../policy.ts';
import type { Instant } from '../task.ts';
import { noQuota } from './blocked.ts';
import { clockTime, count, isOrAre } from './format.ts';
import type { ObservedKey } from './observation.ts';

export interface KeyCounts {
  readonly total: number;
  readonly refused: number;
  readonly cooling: number;
  readonly withoutQuota: number;
  /** When the first cooling key may be used again; null if none cools down. */
  readonly coolingUntil: Instant | null;
}

type Why = 'refused' | 'cooling' | 'withoutQuota' | 'other';

export function keyCounts(keys: readonly ObservedKey[], model: string): KeyCounts {
  const reasons = keys.map((key) => whyUnusable(key, model));
  const number = (why: Why): number => reasons.filter((reason) => reason.why === why).length;
  const ends = reasons.flatMap(({ why, until }) => (why === 'cooling' && until !== null ? until : []));
  return {
    total: keys.length,
    refused: number('refused'),
    cooling: number('cooling'),
    withoutQuota: number('withoutQuota'),
    coolingUntil: ends.length === 0 ? null : Math.min(...ends),
  };
}

/** One sentence; `summary` if nothing is known about the keys. */
export function exhausted(counts: KeyCounts, { pool, model }: Target, summary: string): string {
  const { total, refused, cooling, withoutQuota, coolingUntil } = counts;
  const other = total - refused - cooling - withoutQuota;
  const until = coolingUntil === null ? '' : ` until ${clockTime(coolingUntil)}`;
  const keys = (number: number, what: string): string[] =>
    number === 0 ? [] : [`${total === 1 ? 'its only key' : count(number, 'key')} ${isOrAre(number)} ${what}`];
  const parts = [
    ...keys(refused, 'refused'),
    ...keys(cooling, `cooling${until}`),
    ...keys(withoutQuota, 'without quota'),
    ...keys(other, 'at the request limit'),
  ];
  return total === 0 ? summary : `No key of pool ${pool} admits a call of ${model}: ${parts.join(', ')}`;
}

export function keysAdvice({ refused, withoutQuota }: KeyCounts, block: Block): string {
  const said = ownWords(block.message);
  const words = said === '' ? '' : `The provider says: ${said.replace(/\.$/, '')}. `;
  const replace = refused > 0 || block.reason === 'KeysRefused';
  const raise = withoutQuota > 0 || block.reason === 'QuotaExhausted';
  if (block.permanent) return `${words}${noQuota}`;
  if (replace) return `${words}Replace the refused keys: workers read changed key files while they run`;
  if (raise) return `${words}Raise the quota at the provider, or add a key of another project`;
  return `${words}Add keys or reduce the load if this persists`;
}

function whyUnusable({ state, until, models }: ObservedKey, model: string): { why: Why; until: Instant | null } {
  const own = models.find((one) => one.model === model);
  if (state === 'refused' || own?.state === 'refused') return { why: 'refused', until };
  if (own === undefined) return { why: state === 'cooling' && models.length === 0 ? 'cooling' : 'other', until };
  return { why: own.state === 'cooling' ? 'cooling' : 'withoutQuota', until: own.until };
}
