// SHA-256 of bytes that come in pieces (FIPS 180-4). Web Cryptography has it only for all bytes at once, and browsers only for pages
// that come by https.

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const constants = rootFractions(64, 3);
/** The same of the square roots of the first 8. */
const initial = rootFractions(8, 2);

export class Sha256 {
  readonly #state = initial.slice();
  readonly #block = new Uint8Array(64);
  readonly #words = new Uint32Array(64);
  #filled = 0;
  #bytes = 0;

  update(bytes: Uint8Array): this {
    this.#bytes += bytes.length;
    let at = 0;
    while (at < bytes.length) {
      const piece = bytes.subarray(at, at + 64 - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === 64) this.#compress();
    }
    return this;
  }

  /** In hexadecimal; nothing can be added afterwards. */
  digest(): string {
    const bits = this.#bytes * 8;
    this.update(Uint8Array.of(0x80));
    while (this.#filled !== 56) this.update(Uint8Array.of(0));
    const length = new Uint8Array(8);
    const view = new DataView(length.buffer);
    view.setUint32(0, Math.floor(bits / 2 ** 32));
    view.setUint32(4, bits >>> 0);
    this.update(length);
    return Array.from(this.#state, (word) => word.toString(16).padStart(8, '0')).join('');
  }

  #compress(): void {
    const words = this.#words;
    const view = new DataView(this.#block.buffer);
    for (let t = 0; t < 16; t += 1) words[t] = view.getUint32(4 * t);
    for (let t = 16; t < 64; t += 1) {
      const [early, late] = [words[t - 15]!, words[t - 2]!];
      const small = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
      const large = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
      words[t] = words[t - 16]! + small + words[t - 7]! + large;
    }
    this.#mix(words);
    this.#filled = 0;
  }

  #mix(words: Uint32Array): void {
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = this.#state;
    for (let t = 0; t < 64; t += 1) {
      const choice = (e & f) ^ (~e & g);
      const first = (h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + choice + constants[t]! + words[t]!) | 0;
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const second = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + majority) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) this.#state[index]! += word;
  }
}

const rotated = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

function rootFractions(count: number, root: 2 | 3): Uint32Array {
  const fractions: number[] = [];
  for (let n = 2; fractions.length < count; n += 1) {
    if (!isPrime(n)) continue;
    const exact = root === 2 ? Math.sqrt(n) : Math.cbrt(n);
    fractions.push(((exact % 1) * 2 ** 32) >>> 0);
  }
  return Uint32Array.from(fractions);
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) if (n % divisor === 0) return false;
  return true;
}
