// How long this worker's calls of a model usually take. Image providers report nothing until they are done, so progress is
// estimated from it, but only while a call lasts no longer than usual: nothing is known about a call that hangs.

/** The newest successful calls of a model that count. */
const kept = 100;
/** Calls before percentiles mean anything. */
const enough = 3;
/** ms; the expected duration of a model's first calls. */
const firstGuess = 10_000;
const maxEstimate = 0.9;
const maxModels = 100;

export interface CallTiming {
  /** ms since the call was sent. */
  readonly waited: number;
  /** ms; undefined until enough calls have succeeded. */
  readonly usual: { readonly p50: number; readonly p95: number } | undefined;
  /** 0 to 0.9; 0 for a call that has lasted longer than usual. */
  readonly estimate: number;
}

export class CallDurations {
  readonly #durations = new Map<string, number[]>();

  timing(model: string, waited: number): CallTiming {
    const usual = this.#usual(model);
    const { p50, p95 } = usual ?? { p50: firstGuess, p95: 2 * firstGuess };
    const estimate = waited > p95 ? 0 : maxEstimate * (1 - Math.exp(-waited / Math.max(1, p50)));
    return { waited, usual, estimate };
  }

  /** Records a successful call that lasted `elapsed` ms. */
  record(model: string, elapsed: number): void {
    // Clients may submit arbitrary model names to a pool, so the map is bounded.
    if (this.#durations.size >= maxModels && !this.#durations.has(model)) this.#durations.clear();
    this.#durations.set(model, [...(this.#durations.get(model) ?? []), elapsed].slice(-kept));
  }

  #usual(model: string): CallTiming['usual'] {
    const sorted = (this.#durations.get(model) ?? []).toSorted((a, b) => a - b);
    if (sorted.length < enough) return undefined;
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
    return { p50: at(0.5), p95: at(0.95) };
  }
}
