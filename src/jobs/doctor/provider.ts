// Asks the workers to call their provider with each key, by a request that generates nothing, and reads what they found from
// their heartbeats.

import { sleep } from '../../async/sleep.ts';
import { count } from '../../job/explain/format.ts';
import type { Instant } from '../../job/task.ts';
import type { CheckedKey, Heartbeats, ProviderCheck } from '../../ports/heartbeats.ts';
import type { JobsContext } from '../context.ts';
import { failed, noted, passed, type Check } from './check.ts';

export interface ProviderContext extends Pick<JobsContext, 'workers' | 'clock'> {
  readonly heartbeats: Pick<Heartbeats, 'requestProviderChecks'>;
}

/** ms; a worker's calls may take 5 s. */
const answerWithin = 7_000;
const lookEvery = 50;
/** A worker that was asked shortly before does not call again, ms. */
const goodFor = 10_000;

/** Of each pool with workers that can check their provider. `call` false: nothing is asked. */
export async function providerChecks(context: ProviderContext, call: boolean): Promise<Check[]> {
  const able = probersOf(context);
  if (able.length === 0) return [];
  if (!call) return [passed('provider', 'not called, as requested')];
  const since = context.clock.now() - goodFor;
  if (!context.heartbeats.requestProviderChecks()) return [];
  const deadline = performance.now() + answerWithin;
  const isAnswered = ({ check }: Prober): boolean => !check.enabled || (check.at ?? -Infinity) >= since;
  while (performance.now() < deadline && !probersOf(context).every(isAnswered)) await sleep(lookEvery);
  const probers = probersOf(context);
  const pools = new Set(probers.map(({ pool }) => pool));
  return [...pools].flatMap((pool) =>
    poolChecks(
      pool,
      probers.filter((prober) => prober.pool === pool),
      since,
    ),
  );
}

interface Prober {
  readonly worker: string;
  readonly pool: string;
  readonly check: ProviderCheck;
}

const probersOf = ({ workers }: ProviderContext): Prober[] =>
  workers.list().flatMap(({ beat }) => {
    const { worker, pool, provider } = beat;
    return provider === undefined ? [] : [{ worker, pool, check: provider }];
  });

function poolChecks(pool: string, probers: readonly Prober[], since: Instant): Check[] {
  const name = `check of ${pool}`;
  const silent = probers.filter(({ check }) => check.enabled && (check.at ?? -Infinity) < since);
  const off = probers.filter(({ check }) => !check.enabled);
  return [
    ...found(probers, since).map((one) => ({ ...checkOf(name, one), seenBy: one.workers.join(', ') })),
    ...(off.length === 0
      ? []
      : [{ ...passed(name, 'not called: GENWARDEN_PROVIDER_CHECK is off'), seenBy: namesOf(off) }]),
    ...(silent.length === 0
      ? []
      : [failed(name, `${namesOf(silent)} reported nothing within ${answerWithin / 1_000} s`, silentAdvice)]),
  ];
}

const silentAdvice = 'Check that the worker runs, and its log: it may be too busy, or cut off from NATS.';
const namesOf = (probers: readonly Prober[]): string => probers.map(({ worker }) => worker).join(', ');

/** What several workers or keys have in common. */
interface Found {
  readonly address: string;
  readonly outcome: CheckedKey['outcome'];
  readonly says: string;
  readonly keys: string[];
  readonly workers: string[];
  readonly ms: number[];
}

function found(probers: readonly Prober[], since: Instant): Found[] {
  const all = new Map<string, Found>();
  for (const { worker, check } of probers) {
    if (check.at === null || check.at < since) continue;
    for (const { outcome, says, fingerprint, ms } of check.keys) {
      const { address } = check;
      const id = JSON.stringify([address, outcome, says]);
      const one = all.get(id) ?? { address, outcome, says, keys: [], workers: [], ms: [] };
      if (!one.keys.includes(fingerprint)) one.keys.push(fingerprint);
      if (!one.workers.includes(worker)) one.workers.push(worker);
      one.ms.push(ms);
      all.set(id, one);
    }
  }
  return [...all.values()];
}

function checkOf(name: string, { address, outcome, says, keys, ms }: Found): Check {
  const which = `key${keys.length === 1 ? '' : 's'} ${keys.join(', ')}`;
  switch (outcome) {
    case 'accepted':
      return passed(name, `${address} accepts ${count(keys.length, 'key')}, answers in ${rangeOf(ms)}`);
    case 'refused':
      return failed(
        name,
        `${address} refuses ${which}: ${says}`,
        'Replace the key, or give it the rights that it lacks.',
      );
    case 'limited':
      return noted(
        name,
        `${address} limits ${which}: ${says}`,
        'No action needed if jobs run: tasks wait for the limit.',
      );
    case 'unclear':
      return noted(name, `${address} answers, but cannot check ${which}: ${says}`, unclearAdvice);
    case 'failed':
      return failed(name, `${address} with ${which}: ${says}`, failedAdvice);
    default:
      return outcome satisfies never;
  }
}

const unclearAdvice =
  'No action needed if jobs run: servers with the interface of a provider may lack its list of models. Otherwise check the address of the pool.';
const failedAdvice =
  "Check the address of the pool, and DNS, proxy and firewall between this worker and the provider; and the provider's status page.";

function rangeOf(ms: readonly number[]): string {
  const [least, most] = [Math.min(...ms), Math.max(...ms)];
  return least === most ? `${most} ms` : `${least} to ${most} ms`;
}
