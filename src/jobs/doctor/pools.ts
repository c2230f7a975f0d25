// The checks of each pool: its workers, its keys, and outages of its provider.

import { ownWords } from '../../job/block.ts';
import { about } from '../../job/duration.ts';
import { clockTime, count } from '../../job/explain/format.ts';
import type { ObservedKey, ObservedPool } from '../../job/explain/observation.ts';
import { settingOf } from '../../job/providers.ts';
import { nameSecret, replaceInSecret, resumeCommand } from '../../job/poolResource.ts';
import type { Instant } from '../../job/task.ts';
import { isoTime } from '../../job/time.ts';
import { type ExplainContext, observePools } from '../explain.ts';
import { standInPools } from '../standIns.ts';
import { failed, noted, passed, type Check } from './check.ts';

export async function poolChecks(context: ExplainContext): Promise<Check[]> {
  const names = context.pools.list().map(({ name }) => name);
  if (names.length === 0) {
    return [failed('pools', 'no pool is declared', 'Start a worker: it declares its pool.')];
  }
  const { pools } = await observePools(context, new Set(names));
  const checks = [...pools.values()].flatMap((pool) => [
    workers(pool),
    ...keys(pool, context.clock.now()),
    ...outages(context, pool),
  ]);
  return [...checks, ...standIns(context)];
}

/** Not a fault, but easily overlooked. */
function standIns(context: Pick<ExplainContext, 'workers'>): Check[] {
  const names = [...standInPools(context.workers)].map((name) => `pool ${name}`);
  if (names.length === 0) return [];
  return [passed('stand-in', `a stand-in answers for ${names.join(', ')}: the results are not the provider's`)];
}

function workers({ name, workers: live, draining, slots, paused, resource }: ObservedPool): Check {
  const label = `pool ${name}`;
  const says = `${count(live, 'worker')}, ${slots.free} of ${count(slots.total, 'slot')} free`;
  if (live === draining) {
    const advice =
      resource === undefined
        ? `Start one with \`genwarden worker --pool ${name}\`.`
        : `Its WorkerPool says why the operator runs none: \`kubectl genwarden doctor\`, \`kubectl describe workerpool ${name} -n ${resource.namespace}\`.`;
    return failed(label, 'no worker serves it', advice);
  }
  if (paused === null) return passed(label, says);
  const until = paused.until === null ? '' : ` until ${isoTime(paused.until)}`;
  const how = resource?.paused === true ? ' by spec.paused' : until;
  return failed(label, `paused${how}; ${says}`, `Resume it with \`${resumeCommand(name, resource)}\`.`);
}

function keys({ name, provider, keys: all, resource }: ObservedPool, now: Instant): Check[] {
  if (all === null) return [];
  const label = `keys of ${name}`;
  if (all.length === 0) {
    const advice =
      resource === undefined
        ? `Set ${settingOf(provider, 'API_KEYS')}, or keys in the pools file, for its workers.`
        : nameSecret(name);
    return [failed(label, 'no key is configured', advice)];
  }
  const says = all.map((key) => keyText(key, now)).join(', ');
  if (all.some(({ state }) => state === 'refused'))
    return [failed(label, says, resource === undefined ? refusedAdvice : replaceInSecret(name))];
  if (all.every(({ state, models }) => state !== 'cooling' && models.length === 0)) return [passed(label, says)];
  return [
    noted(
      label,
      says,
      'No action needed: each key is used again at its time. `genwarden pools` has the words of the provider.',
    ),
  ];
}

const refusedAdvice =
  'Replace the rejected keys: workers read changed key files while they run, and keys from the environment at their start. While no worker runs, a removed key is listed for up to an hour, and is not used.';

/** `1a2b… cooling (RateLimited) until 2026-11-22T00:01:20Z (in 1m20s)`. */
function keyText({ fingerprint, state, cause, until, models }: ObservedKey, now: Instant): string {
  const why = cause === null ? '' : ` (${cause})`;
  const own = `${fingerprint} ${state}${why}${untilText(until, now)}`;
  // A state for all models tells more than each of them.
  if (state === 'cooling' || state === 'refused') return own;
  return [own, ...models.map((one) => `${one.state} for ${one.model}${untilText(one.until, now)}`)].join('; ');
}

function untilText(until: Instant | null, now: Instant): string {
  if (until === null) return '';
  return ` until ${clockTime(until)}${until > now ? ` (${about(until - now)})` : ''}`;
}

function outages({ keys: ring }: ExplainContext, { name }: ObservedPool): Check[] {
  return (ring?.outages(name) ?? []).map(({ model, since, until, provider, message }) => {
    const what = provider?.status === undefined ? 'cannot be reached' : `answers ${provider.status}`;
    const own = ownWords(message);
    const words = own === '' ? '' : ` (${own})`;
    return failed(
      `provider of ${name}`,
      `${what} for ${model} since ${clockTime(since)}${words}; next probe ${clockTime(until)}`,
      "No action needed: tasks wait until a probe succeeds. Check the provider's status page.",
    );
  });
}
