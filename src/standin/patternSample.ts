// A text that matches a pattern of JavaScript, Python or PCRE, as far as it has no lookaround or backreference.

/** Characters of a sample. */
const mostCharacters = 2_000;

interface Wanted {
  /** How often something repeats that may repeat without limit. */
  readonly repeats: number;
  /** Which of several alternatives and characters to choose, so that samples differ. */
  readonly index: number;
}

/** Undefined if the pattern is not understood, or needs a longer text. */
export function sampleOf(pattern: string, wanted: Wanted): string | undefined {
  try {
    const sampler = new Sampler(pattern, wanted);
    const text = sampler.alternatives();
    return sampler.isAtEnd ? text : undefined;
  } catch (error) {
    if (error instanceof NotUnderstood || error instanceof RangeError) return undefined;
    throw error;
  }
}

class NotUnderstood extends Error {}

const digits = '0123456789';
const letters = 'abcdefghijklmnopqrstuvwxyz';
const others = `${letters}${letters.toUpperCase()}${digits} -_.,:;/#@é`;

/** One character for each class; a negated class is chosen from `others`. */
const sets: Readonly<Record<string, string>> = { d: digits, w: letters, s: ' ', D: letters, W: '-', S: letters };
const controls: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', '0': '\0' };

class Sampler {
  readonly #pattern: string;
  readonly #wanted: Wanted;
  #at = 0;

  constructor(pattern: string, wanted: Wanted) {
    this.#pattern = pattern;
    this.#wanted = wanted;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#pattern.length;
  }

  alternatives(): string {
    const branches = [this.#sequence()];
    while (this.#take(/\|/y) !== undefined) branches.push(this.#sequence());
    return branches[this.#wanted.index % branches.length]!;
  }

  #sequence(): string {
    let text = '';
    while (!this.isAtEnd && !/[|)]/.test(this.#pattern[this.#at]!)) {
      const atom = this.#atom();
      const count = this.#count();
      if (text.length + atom.length * count > mostCharacters) throw new NotUnderstood();
      text += atom.repeat(count);
    }
    return text;
  }

  #count(): number {
    const found = this.#take(/(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?/y);
    if (found === undefined) return 1;
    const [least, most] = boundsOf(found);
    return Math.min(Math.max(this.#wanted.repeats, least), most);
  }

  #atom(): string {
    if (this.#take(/\(/y) !== undefined) return this.#group();
    if (this.#take(/\[/y) !== undefined) return this.#class();
    if (this.#take(/\^|\$|\\[bBAzZ]/y) !== undefined) return '';
    if (this.#take(/\./y) !== undefined) return 'a';
    if (this.#pattern[this.#at] === '\\') return this.#chosen(this.#escape());
    return this.#take(/[^]/uy)!;
  }

  #group(): string {
    if (this.#take(/\?(?::|P?<[A-Za-z_]\w*>|[ims]+:)/y) === undefined && this.#pattern[this.#at] === '?')
      throw new NotUnderstood();
    const text = this.alternatives();
    if (this.#take(/\)/y) === undefined) throw new NotUnderstood();
    return text;
  }

  #class(): string {
    const isNegated = this.#take(/\^/y) !== undefined;
    let members = '';
    while (this.#take(/\]/y) === undefined) {
      if (this.isAtEnd) throw new NotUnderstood();
      const first = this.#member();
      const last = this.#take(/-(?!\])/y) === undefined ? undefined : this.#member();
      members += last === undefined ? first : range(first, last);
    }
    return this.#chosen(
      isNegated
        ? Array.from(others)
            .filter((one) => !members.includes(one))
            .join('')
        : members,
    );
  }

  #member(): string {
    const posix = this.#take(/\[:\w+:\]/y);
    if (posix !== undefined) return posix.includes('digit') ? digits : letters;
    return this.#pattern[this.#at] === '\\' ? this.#escape() : this.#take(/[^]/uy)!;
  }

  /** The characters that an escape stands for, or some of them. */
  #escape(): string {
    const code = this.#take(/\\(?:u[\dA-Fa-f]{4}|u\{[\dA-Fa-f]+\}|x[\dA-Fa-f]{2})/y);
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code.replaceAll(/[\\ux{}]/g, ''), 16));
    const property = this.#take(/\\[pP](?:\{[^}]*\}|[A-Z])/y);
    if (property !== undefined) return samplesOf(property);
    const letter = this.#take(/\\[^]/uy)?.slice(1);
    if (letter === undefined || /[1-9kg]/.test(letter)) throw new NotUnderstood();
    return sets[letter] ?? controls[letter] ?? letter;
  }

  #chosen(characters: string): string {
    const all = Array.from(characters);
    if (all.length === 0) throw new NotUnderstood();
    return all[this.#wanted.index % all.length]!;
  }

  /** Takes what `form`, which is sticky, matches here. */
  #take(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.#pattern)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

function boundsOf(quantifier: string): readonly [number, number] {
  if (quantifier.startsWith('*')) return [0, Infinity];
  if (quantifier.startsWith('+')) return [1, Infinity];
  if (quantifier.startsWith('?')) return [0, 1];
  const [, least = '0', comma, most = ''] = /^\{(\d+)(,?)(\d*)/.exec(quantifier) ?? [];
  if (comma === '') return [Number(least), Number(least)];
  return [Number(least), most === '' ? Infinity : Number(most)];
}

function samplesOf(property: string): string {
  if (property.startsWith('\\P')) return '-';
  if (/N|Digit|Number/.test(property)) return digits;
  return /Lu|Upper/.test(property) ? letters.toUpperCase() : letters;
}

/** Some of the characters between two. */
function range(first: string, last: string): string {
  const [from, to] = [first.codePointAt(0)!, last.codePointAt(0)!];
  const count = Math.max(0, Math.min(to - from + 1, 64));
  return Array.from({ length: count }, (_, offset) => String.fromCodePoint(from + offset)).join('');
}
