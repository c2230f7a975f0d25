// How far a call probably is: providers that draw say nothing until they are done, so the time that this worker's last calls
// of the same model took stands in for it. An estimate, never the last tenth.

/** ms; what a call is taken to last before the first of its model has ended. */
const firstGuess = 10_000;
/** The weight of the newest call in the moving average. */
const weight = 0.3;
const mostEstimated = 0.9;

export class Pace {
  readonly #expected = new Map<string, number>();

  /** 0 to 0.9, for a call of the model that has lasted so long, ms. Reaches two thirds of that at the expected time. */
  estimate(model: string, elapsed: number): number {
    const expected = this.#expected.get(model) ?? firstGuess;
    return mostEstimated * (1 - Math.exp(-elapsed / Math.max(1, expected)));
  }

  /** A call of the model has ended well after so long, ms. */
  took(model: string, elapsed: number): void {
    const before = this.#expected.get(model) ?? elapsed;
    // A worker meets the models of its pool, and whatever else clients may name there.
    if (this.#expected.size > 100) this.#expected.clear();
    this.#expected.set(model, before + weight * (elapsed - before));
  }
}
