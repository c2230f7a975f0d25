// Estimates the progress of a call. Image providers report nothing until they are done, so the estimate compares the elapsed time
// with the worker's previous calls of the same model. It never exceeds 90 %.

/** ms; the expected duration until the first call of a model has ended. */
const firstGuess = 10_000;
/** The weight of the newest call in the moving average. */
const weight = 0.3;
const maxEstimate = 0.9;

export class CallDurations {
  readonly #expected = new Map<string, number>();

  /** 0 to 0.9, for a call that has lasted `elapsed` ms. Reaches about two thirds of the maximum at the expected duration. */
  estimate(model: string, elapsed: number): number {
    const expected = this.#expected.get(model) ?? firstGuess;
    return maxEstimate * (1 - Math.exp(-elapsed / Math.max(1, expected)));
  }

  /** Records a successful call that lasted `elapsed` ms. */
  record(model: string, elapsed: number): void {
    const before = this.#expected.get(model) ?? elapsed;
    // Clients may submit arbitrary model names to a pool, so the map is bounded.
    if (this.#expected.size > 100) this.#expected.clear();
    this.#expected.set(model, before + weight * (elapsed - before));
  }
}
