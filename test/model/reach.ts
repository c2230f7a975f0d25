// Backward search over a large graph in flat arrays: the states from which one of the ends can be reached.

/** A list of whole numbers that grows, four bytes each. */
export class Numbers {
  #values = new Int32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(...numbers: number[]): void {
    if (this.#length + numbers.length > this.#values.length) {
      const larger = new Int32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    for (const number of numbers) this.#values[this.#length++] = number;
  }

  /** The number at a place that was filled. */
  at(index: number): number {
    return this.#values[index]!;
  }
}

/** 1 for each of `size` states from which `edges`, pairs of from and to, lead to one of `ends`; 0 for the others. */
export function reaching(ends: readonly number[], edges: Numbers, size: number): Uint8Array {
  const { starts, sources } = reversed(edges, size);
  const reached = new Uint8Array(size);
  const open = [...ends];
  for (const end of ends) reached[end] = 1;
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (let edge = starts[state]!; edge < starts[state + 1]!; edge += 1) {
      const source = sources[edge]!;
      if (reached[source] === 1) continue;
      reached[source] = 1;
      open.push(source);
    }
  }
  return reached;
}

/** The sources of the edges into state n stand in `sources` from `starts[n]` up to `starts[n + 1]`. */
function reversed(edges: Numbers, size: number): { starts: Int32Array; sources: Int32Array } {
  const starts = new Int32Array(size + 2);
  for (let index = 1; index < edges.length; index += 2) starts[edges.at(index) + 2]! += 1;
  for (let state = 2; state < starts.length; state += 1) starts[state]! += starts[state - 1]!;
  const sources = new Int32Array(edges.length / 2);
  for (let index = 0; index < edges.length; index += 2) sources[starts[edges.at(index + 1) + 1]!++] = edges.at(index);
  return { starts, sources };
}
