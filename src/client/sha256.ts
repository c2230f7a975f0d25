// SHA-256 of bytes that come in pieces (FIPS 180-4). Web Cryptography has it only for all bytes at once, and browsers only for pages
// that come by https.

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const constants = rootFractions(64, 3);
/** The same of the square roots of the first 8. */
const initial = rootFractions(8, 2);

export class Sha256 {
  readonly #state = initial.slice();
  /** The beginning of a block that is not complete yet. */
  readonly #block = new Uint8Array(64);
  readonly #words = new Int32Array(64);
  #filled = 0;
  #bytes = 0;

  update(bytes: Uint8Array): this {
    this.#bytes += bytes.length;
    let at = 0;
    if (this.#filled > 0) {
      at = Math.min(bytes.length, 64 - this.#filled);
      this.#block.set(bytes.subarray(0, at), this.#filled);
      this.#filled += at;
      if (this.#filled < 64) return this;
      this.#compress(this.#block, 0);
    }
    for (; at + 64 <= bytes.length; at += 64) this.#compress(bytes, at);
    this.#block.set(bytes.subarray(at));
    this.#filled = bytes.length - at;
    return this;
  }

  /** In hexadecimal; nothing can be added afterwards. */
  digest(): string {
    const bytes = this.#bytes;
    const zeros = (119 - (bytes % 64)) % 64;
    const end = new Uint8Array(1 + zeros + 8);
    end[0] = 0x80;
    const view = new DataView(end.buffer);
    view.setUint32(1 + zeros, Math.floor(bytes / 2 ** 29));
    view.setUint32(5 + zeros, (bytes * 8) >>> 0);
    this.update(end);
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #compress(bytes: Uint8Array, from: number): void {
    const words = this.#words;
    for (let t = 0, at = from; t < 16; t += 1, at += 4) {
      words[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
    for (let t = 16; t < 64; t += 1) {
      const early = words[t - 15]!;
      const late = words[t - 2]!;
      const small = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
      const large = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
      words[t] = words[t - 16]! + small + words[t - 7]! + large;
    }
    mix(this.#state, words);
  }
}

/** Variables instead of an array: this loop takes nearly all of the time. */
function mix(state: Int32Array, words: Int32Array): void {
  let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
  let [e, f, g, h] = [state[4]!, state[5]!, state[6]!, state[7]!];
  for (let t = 0; t < 64; t += 1) {
    const sum = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + sum + ((e & f) ^ (~e & g)) + constants[t]! + words[t]!) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

const rotated = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

function rootFractions(count: number, root: 2 | 3): Int32Array {
  const fractions: number[] = [];
  for (let n = 2; fractions.length < count; n += 1) {
    if (!isPrime(n)) continue;
    const exact = root === 2 ? Math.sqrt(n) : Math.cbrt(n);
    fractions.push(((exact % 1) * 2 ** 32) | 0);
  }
  return Int32Array.from(fractions);
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) if (n % divisor === 0) return false;
  return true;
}
