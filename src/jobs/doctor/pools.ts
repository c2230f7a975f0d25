// Checks each pool: it has workers and usable keys, and is not paused.

import type { ObservedPool } from '../../job/explain/observation.ts';
import { observePools, type ExplainContext } from '../explain.ts';
import { passed, failed, type Check } from './check.ts';

export async function poolChecks(context: ExplainContext): Promise<Check[]> {
  const names = context.pools.list().map(({ name }) => name);
  if (names.length === 0) {
    return [failed('pools', 'no pool is declared', 'Start a worker: it declares its pool.')];
  }
  const { pools } = await observePools(context, new Set(names));
  return [...pools.values()].flatMap((pool) => [workers(pool), ...keys(pool)]);
}

function workers({ name, workers: count, draining, slots, paused }: ObservedPool): Check {
  const label = `pool ${name}`;
  const says = `${count} ${count === 1 ? 'worker' : 'workers'}, ${slots.free} of ${slots.total} slots free`;
  if (count === draining) {
    return failed(label, 'no worker serves it', `Start one with \`genwarden worker --pool ${name}\`.`);
  }
  if (paused === null) return passed(label, says);
  const until = paused.until === null ? '' : ` until ${new Date(paused.until).toISOString()}`;
  return failed(label, `paused${until}; ${says}`, `Resume it with \`genwarden resume ${name}\`.`);
}

function keys({ name, keys: all }: ObservedPool): Check[] {
  if (all === null) return [];
  const label = `keys of ${name}`;
  const states = all.map(
    ({ fingerprint, state, cause }) => `${fingerprint} ${state}${cause === null ? '' : ` (${cause})`}`,
  );
  if (all.length === 0) {
    return [
      failed(
        label,
        'no key is configured',
        'Set GENWARDEN_GEMINI_API_KEYS, or keys in the pools file, for its workers.',
      ),
    ];
  }
  const refused = all.filter(({ state }) => state === 'refused').length;
  if (refused > 0) return [failed(label, states.join(', '), 'Replace the rejected keys and restart the workers.')];
  return [passed(label, states.join(', '))];
}
