// What is wrong with the simulated provider at the moment, apart from calls that fail by chance.

import { taskError, type TaskError } from '../../src/job/errors/index.ts';
import type { Random } from './time/random.ts';

/** A model that no call succeeds with. */
interface Outage {
  readonly hangs: boolean;
  /** The delay that the provider asks for, ms. */
  readonly hint: number | undefined;
}

export class ProviderState {
  readonly outages = new Map<string, Outage>();
  /** Models without any quota. */
  readonly withoutQuota = new Set<string>();
  readonly deadKeys = new Set<string>();
  /** The requests per minute that each key really has, if these are fewer than configured. */
  limit = Infinity;
  /** When each key's requests of the last minute arrived. */
  readonly #arrivals = new Map<string, number[]>();

  /** How the call fails: with an error, or never (`hangs`). Undefined: it is answered. */
  failureOf(model: string, key: string, now: number, random: Random): TaskError | 'hangs' | undefined {
    const arrivals = this.#count(key, now);
    if (this.deadKeys.has(key)) return taskError('KeyRefused', 'simulated suspension');
    const outage = this.outages.get(model);
    if (outage?.hangs === true) return 'hangs';
    if (outage !== undefined) {
      const code = random.pick(['ProviderUnavailable', 'ProviderError', 'ProviderUnreachable'] as const);
      const hint = outage.hint === undefined ? {} : { retryAfter: outage.hint };
      return taskError(code, 'simulated outage', { provider: { status: 503 }, ...hint });
    }
    if (this.withoutQuota.has(model)) return taskError('QuotaUnavailable', 'simulated limit of 0');
    if (arrivals <= this.limit) return undefined;
    return taskError('RateLimited', 'simulated limit', random.chance(0.5) ? { retryAfter: 20_000 } : {});
  }

  repair(): void {
    this.outages.clear();
    this.withoutQuota.clear();
    this.limit = Infinity;
  }

  #count(key: string, now: number): number {
    const recent = (this.#arrivals.get(key) ?? []).filter((at) => at > now - 60_000);
    recent.push(now);
    this.#arrivals.set(key, recent);
    return recent.length;
  }
}
