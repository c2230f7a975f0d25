// Checks each pool: it has workers and usable keys, and is not paused.

import type { ObservedPool } from '../../job/explain/observation.ts';
import { observePools, type ExplainContext } from '../explain.ts';
import { fine, wrong, type Check } from './check.ts';

export async function poolChecks(context: ExplainContext): Promise<Check[]> {
  const names = context.pools.list().map(({ name }) => name);
  if (names.length === 0) {
    return [wrong('pools', 'there is none', 'Start a worker: it declares its pool.')];
  }
  const { pools } = await observePools(context, new Set(names));
  return [...pools.values()].flatMap((pool) => [workers(pool), ...keys(pool)]);
}

function workers({ name, workers: count, draining, slots, paused }: ObservedPool): Check {
  const label = `pool ${name}`;
  const says = `${count} ${count === 1 ? 'worker' : 'workers'}, ${slots.free} of ${slots.total} slots free`;
  if (count === draining) {
    return wrong(label, `no worker serves it`, `Start one: \`genwarden worker --pool ${name}\`.`);
  }
  if (paused === null) return fine(label, says);
  const until = paused.until === null ? '' : ` until ${new Date(paused.until).toISOString()}`;
  return wrong(label, `paused${until}; ${says}`, `Resume it with \`genwarden resume ${name}\`.`);
}

function keys({ name, keys: all }: ObservedPool): Check[] {
  if (all === null) return [];
  const label = `keys of ${name}`;
  const states = all.map(
    ({ fingerprint, state, cause }) => `${fingerprint} ${state}${cause === null ? '' : ` (${cause})`}`,
  );
  if (all.length === 0) {
    return [
      wrong(label, 'there is none', 'Set GENWARDEN_GEMINI_API_KEYS, or keys in the pools file, for its workers.'),
    ];
  }
  const refused = all.filter(({ state }) => state === 'refused').length;
  if (refused > 0) return [wrong(label, states.join(', '), 'Replace the refused keys and restart the workers.')];
  return [fine(label, states.join(', '))];
}
