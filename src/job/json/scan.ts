// Reads JSON text as strictly as `JSON.parse`, and reports what a parsed value does not show: positions, keys that appear twice, the
// digits of numbers, and escapes.

/** Text that is not JSON. The message begins with `place`. */
export class JsonSyntaxError extends SyntaxError {
  override readonly name = 'JsonSyntaxError';
  /** `line 2, column 17`, both from 1. It quotes nothing of the text, which may be a secret. */
  readonly place: string;

  constructor(text: string, at: number, expected: string) {
    const before = text.slice(0, at);
    const place = `line ${before.split('\n').length}, column ${at - before.lastIndexOf('\n')}`;
    const found = at >= text.length ? 'the end' : JSON.stringify(String.fromCodePoint(text.codePointAt(at)!));
    super(`${place}: expected ${expected}, but found ${found}`);
    this.place = place;
  }
}

/** Calls the visitor for each part of the document, in the order of the text. Each may throw. */
export interface Visitor {
  /** `source` is the text of the key with its quotes. */
  key(key: string, source: string, path: JsonPath): void;
  string(source: string, path: JsonPath): void;
  number(source: string, path: JsonPath): void;
  /** An object or a list begins, `depth` levels deep; 1 is the outermost. */
  open(depth: number, path: JsonPath): void;
}

/** The keys and indexes that lead to the part that is read now. It changes as the scan proceeds. */
export type JsonPath = readonly (string | number)[];

/** Linear in the length of the text, and without recursion. Throws `JsonSyntaxError`, or what the visitor throws. */
export function scanJson(text: string, visitor: Visitor): void {
  new Scan(text, visitor).document();
}

const code = (char: string): number => char.charCodeAt(0);
const [quote, comma, colon, minus] = [code('"'), code(','), code(':'), code('-')];
const [openObject, closeObject, openList, closeList] = [code('{'), code('}'), code('['), code(']')];
const numberForm = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const numberPart = /[-+.\deE]*/y;
/** Whether a string needs a closer look. */
const special = /[\\\u0000-\u001f]/; // oxlint-disable-line no-control-regex

class Scan {
  readonly #text: string;
  readonly #visitor: Visitor;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string, visitor: Visitor) {
    this.#text = text;
    this.#visitor = visitor;
  }

  document(): void {
    this.#value('a value');
    while (this.#path.length > 0) this.#next();
    if (this.#peek() === undefined) return;
    throw this.#expected('the end');
  }

  /** After a value that is in an object or a list. */
  #next(): void {
    const inObject = typeof this.#path.at(-1) === 'string';
    const char = this.#peek();
    if (char === (inObject ? closeObject : closeList)) {
      this.#at += 1;
      this.#path.pop();
      return;
    }
    if (char !== comma) throw this.#expected(inObject ? '"," or "}"' : '"," or "]"');
    this.#at += 1;
    const last = this.#path.pop()!;
    if (typeof last === 'string') return this.#member('a key in double quotes');
    this.#path.push(last + 1);
    this.#value('a value');
  }

  #member(expected: string): void {
    if (this.#peek() !== quote) throw this.#expected(expected);
    const source = this.#string();
    const key = JSON.parse(source) as string;
    this.#path.push(key);
    this.#visitor.key(key, source, this.#path);
    if (this.#peek() !== colon) throw this.#expected('":"');
    this.#at += 1;
    this.#value('a value');
  }

  /** Of an object or a list, only the part up to its first value. */
  #value(expected: string): void {
    const char = this.#peek();
    if (char === quote) return this.#visitor.string(this.#string(), this.#path);
    if (char === openObject || char === openList) return this.#open(char);
    if (char === minus || (char !== undefined && char >= 48 && char <= 57)) {
      return this.#visitor.number(this.#number(), this.#path);
    }
    const word = ['true', 'false', 'null'].find((each) => this.#text.startsWith(each, this.#at));
    if (word === undefined) throw this.#expected(expected);
    this.#at += word.length;
  }

  #open(char: number): void {
    this.#at += 1;
    this.#visitor.open(this.#path.length + 1, this.#path);
    if (this.#peek() === (char === openObject ? closeObject : closeList)) {
      this.#at += 1;
    } else if (char === openObject) {
      this.#member('a key in double quotes or "}"');
    } else {
      this.#path.push(0);
      this.#value('a value or "]"');
    }
  }

  #string(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    while (end !== -1 && isEscaped(this.#text, end)) end = this.#text.indexOf('"', end + 1);
    const source = this.#text.slice(start, end === -1 ? undefined : end + 1);
    if (end === -1 || (special.test(source) && !isString(source))) throw this.#badString(source);
    this.#at = end + 1;
    return source;
  }

  #badString(source: string): JsonSyntaxError {
    // oxlint-disable-next-line no-control-regex
    const wrong = /[\u0000-\u001f]|(?<!\\)(?:\\\\)*\\(?!["\\/bfnrt]|u[\da-fA-F]{4})/.exec(source);
    const at = this.#at + (wrong === null ? source.length : wrong.index + wrong[0].length - 1);
    return new JsonSyntaxError(
      this.#text,
      at,
      wrong === null ? 'the end of a string' : 'a character or a valid escape',
    );
  }

  #number(): string {
    numberPart.lastIndex = this.#at;
    const source = numberPart.exec(this.#text)![0];
    if (!numberForm.test(source)) throw this.#expected('a number such as -1.5e3');
    this.#at += source.length;
    return source;
  }

  /** The code of the next character that is not white space; undefined at the end. */
  #peek(): number | undefined {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text.charCodeAt(this.#at);
      if (char !== 32 && char !== 10 && char !== 13 && char !== 9) return char;
    }
    return undefined;
  }

  #expected(what: string): JsonSyntaxError {
    return new JsonSyntaxError(this.#text, this.#at, what);
  }
}

/** Whether an odd number of backslashes precedes the quote. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}

function isString(source: string): boolean {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}
