// The nemesis of the provider: outages, calls that hang, missing quotas, dead keys and lower limits, at times that follow from
// the seed. Keys that died are replaced a while later, on every worker.

import type { History } from './history.ts';
import { models, type Installation } from './installation.ts';
import type { Plan, ProviderFault } from './plan.ts';
import type { ProviderState } from './providerState.ts';
import type { Process } from './time/process.ts';
import type { Random } from './time/random.ts';

export interface ProviderNemesisOptions {
  readonly plan: Plan;
  readonly random: Random;
  /** Never dies. */
  readonly process: Process;
  readonly state: ProviderState;
  readonly installation: Installation;
  readonly history: History;
}

export class ProviderNemesis {
  /** How many of each fault it injected. */
  readonly injected = new Map<ProviderFault, number>();
  readonly #options: ProviderNemesisOptions;
  #over = false;

  constructor(options: ProviderNemesisOptions) {
    this.#options = options;
  }

  begin(): void {
    for (const [fault, mean] of this.#options.plan.providerFaults) this.#again(fault, mean);
  }

  /** The provider recovers, and its dead keys are replaced. */
  stop(): void {
    this.#over = true;
    this.#options.state.repair();
    this.#replaceDeadKeys();
  }

  #again(fault: ProviderFault, mean: number): void {
    const { process, random } = this.#options;
    process.after(random.until(mean), () => {
      if (this.#over) return;
      this.injected.set(fault, (this.injected.get(fault) ?? 0) + 1);
      this.#do(fault);
      this.#again(fault, mean);
    });
  }

  #do(fault: ProviderFault): void {
    const { random, state, installation, plan } = this.#options;
    switch (fault) {
      case 'outage': {
        const hint = random.chance(0.3) ? random.whole(1_500, 20_000) : undefined;
        return this.#outage(random.between(5_000, 90_000), false, hint);
      }
      case 'hang':
        return this.#outage(random.between(5_000, 40_000), true, undefined);
      case 'noQuota': {
        const model = random.pick(models);
        state.withoutQuota.add(model);
        this.#note(`${model} has no quota`);
        if (random.chance(0.7)) this.#later(random.between(5_000, 60_000), () => state.withoutQuota.delete(model));
        return;
      }
      case 'deadKey':
        return this.#kill([random.pick(installation.keys).secret]);
      case 'allKeysDead':
        return this.#kill(installation.keys.map(({ secret }) => secret));
      case 'lowLimit':
        state.limit = Math.ceil(plan.requestsPerMinute * random.between(0.2, 0.8));
        this.#note(`each key has only ${state.limit} requests per minute`);
        return this.#later(random.between(10_000, 60_000), () => (state.limit = Infinity));
      default:
        fault satisfies never;
    }
  }

  #outage(ms: number, hangs: boolean, hint: number | undefined): void {
    const { random, state } = this.#options;
    const model = random.pick(models);
    if (state.outages.has(model)) return;
    this.#note(`${model} ${hangs ? 'hangs' : 'is out'} for ${Math.round(ms)} ms, hint ${hint}`);
    state.outages.set(model, { hangs, hint });
    this.#later(ms, () => {
      this.#note(`${model} works again`);
      state.outages.delete(model);
    });
  }

  #kill(secrets: readonly string[]): void {
    const { random, state } = this.#options;
    this.#note(`the keys ${secrets.join(', ')} die`);
    for (const secret of secrets) state.deadKeys.add(secret);
    if (random.chance(0.8)) this.#later(random.between(5_000, 60_000), () => this.#replaceDeadKeys());
  }

  #replaceDeadKeys(): void {
    const { state, installation, history } = this.#options;
    const replaced = installation.replaceKeys((secret) => state.deadKeys.has(secret));
    if (replaced)
      history.note('nemesis', () => `the keys are now ${installation.keys.map(({ secret }) => secret).join()}`);
  }

  #later(ms: number, run: () => void): void {
    this.#options.process.after(ms, () => this.#over || run());
  }

  #note(what: string): void {
    this.#options.history.note('nemesis', () => what);
  }
}
