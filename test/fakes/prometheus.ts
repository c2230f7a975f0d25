// What Prometheus makes of counters: it reads them at each scrape, ignores the first value of a series, and takes a smaller value
// for a reset.

import type { Registry } from 'prom-client';

export interface Scraped {
  readonly registry: Registry;
  readonly controller: { scraped(): () => void };
}

export class FakePrometheus {
  readonly #samples = new Map<string, number[]>();

  /** Reads the counters of a process. `lost`: the answer does not arrive. */
  async scrape(instance: string, { registry, controller }: Scraped, lost = false): Promise<void> {
    const answered = controller.scraped();
    const metrics = await registry.getMetricsAsJSON();
    if (lost) return;
    for (const { name, values } of metrics) for (const value of values) this.#add(instance, name, value);
    answered();
  }

  /** `sum(increase(name))` over everything that was scraped. */
  increase(name: string): number {
    const ofName = [...this.#samples].filter(([key]) => key.startsWith(`${name} `));
    return ofName.reduce((sum, [, values]) => sum + increaseOf(values), 0);
  }

  /** The values of each series of a process, by name and labels. */
  values(instance: string, name: string): number[][] {
    return [...this.#samples].filter(([key]) => key.startsWith(`${name} ${instance} `)).map(([, values]) => values);
  }

  #add(instance: string, name: string, value: { value: number; labels: object; metricName?: string }): void {
    const key = `${value.metricName ?? name} ${instance} ${JSON.stringify(value.labels)}`;
    const samples = this.#samples.get(key) ?? [];
    samples.push(value.value);
    this.#samples.set(key, samples);
  }
}

function increaseOf(values: readonly number[]): number {
  let sum = 0;
  for (let at = 1; at < values.length; at += 1) {
    const [before, now] = [values[at - 1]!, values[at]!];
    sum += now < before ? now : now - before;
  }
  return sum;
}
