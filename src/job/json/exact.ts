// Parses JSON without changing anything in silence. `JSON.parse` rounds numbers, keeps the last of two values of a key, and lets
// through halves of characters, which are lost when the text is stored as UTF-8.

import type { JsonValue } from '../task.ts';
import { isExact } from './number.ts';
import { JsonSyntaxError, scanJson, type JsonPath, type Visitor } from './scan.ts';

/**
 * `number`: a double cannot hold it. `negativeZero`: it would be written as 0. `surrogate`: half of a surrogate pair. `prototype`: a
 * key that could reach a prototype. `depth`: more than 1,000 levels.
 */
export type JsonFault = 'number' | 'negativeZero' | 'surrogate' | 'duplicate' | 'prototype' | 'depth';

/** JSON that cannot be kept as it is. */
export class InexactJson extends Error {
  override readonly name = 'InexactJson';
  readonly fault: JsonFault;
  /** The place in the document, such as `tasks[3].metadata.id`; empty for the document itself. */
  readonly path: string;
  /** What is wrong there, as the end of a sentence that begins with the place. */
  readonly problem: string;
  /** The text of the number, string or key. */
  readonly source: string;

  constructor(fault: JsonFault, path: JsonPath, source = '') {
    const place = pathText(path);
    super(sentence(fault, place, source));
    this.fault = fault;
    this.path = place;
    this.problem = problems[fault](source);
    this.source = source;
  }
}

export interface ExactOptions {
  /** Faults that do no harm here; default: none. */
  readonly accept?: readonly JsonFault[];
}

/** More levels than any body needs; code that recurses over a value has room for these. */
const maxLevels = 1_000;

/**
 * Like `JSON.parse`, but throws `InexactJson` for what would be changed, and `JsonSyntaxError`, with its place, for anything that is
 * not JSON. Numbers below 2^53 keep the precision of a double: about 16 digits.
 */
export function parseExactJson(text: string, { accept = [] }: ExactOptions = {}): JsonValue {
  scanJson(text, new Check(accept));
  return JSON.parse(text) as JsonValue;
}

class Check implements Visitor {
  readonly #accepted: readonly JsonFault[];
  /** The keys of the open objects, by depth. */
  readonly #keys: Set<string>[] = [];

  constructor(accepted: readonly JsonFault[]) {
    this.#accepted = accepted;
  }

  open(depth: number, path: JsonPath): void {
    // The whole path would be as long as the document.
    if (depth > maxLevels) this.#found('depth', path.slice(0, 1));
    this.#keys[depth] = new Set();
  }

  key(key: string, source: string, path: JsonPath): void {
    const keys = this.#keys[path.length]!;
    if (keys.has(key)) this.#found('duplicate', path, source);
    keys.add(key);
    this.string(source, path);
    const holder = path.at(-2);
    if (key === '__proto__' || (key === 'prototype' && holder === 'constructor')) this.#found('prototype', path, key);
  }

  string(source: string, path: JsonPath): void {
    if (/\\u[dD][89a-fA-F]/.test(source) && !(JSON.parse(source) as string).isWellFormed())
      this.#found('surrogate', path, source);
  }

  number(source: string, path: JsonPath): void {
    // A shorter one is exact.
    if (source.length > 15 || /[eE]/.test(source)) if (!isExact(source)) this.#found('number', path, source);
    if (source.startsWith('-0') && Number(source) === 0) this.#found('negativeZero', path, source);
  }

  #found(fault: JsonFault, path: JsonPath, source?: string): void {
    if (!this.#accepted.includes(fault)) throw new InexactJson(fault, path, source);
  }
}

const problems: Readonly<Record<JsonFault, (source: string) => string>> = {
  number: () => 'is a number that cannot be kept exactly; write it as a string',
  negativeZero: (source) => `is ${source}, which would be kept as 0; write 0`,
  surrogate: (source) => `contains ${halfOf(source)}, half of a surrogate pair`,
  duplicate: () => 'appears twice in its object',
  prototype: () => 'is a key that is not accepted',
  depth: () => 'is more than 1,000 levels deep',
};

const halfOf = (source: string): string =>
  // JSON.stringify writes only halves as such escapes.
  /\\ud[89a-f]../.exec(JSON.stringify(JSON.parse(source)))![0];

function sentence(fault: JsonFault, path: string, source: string): string {
  if (fault !== 'number') return `${path === '' ? 'the document' : path} ${problems[fault](source)}`;
  const shown = source.length > 60 ? `${source.slice(0, 60)}…` : source;
  const place = path === '' ? 'the number' : `the number at ${path}`;
  return `${place}, ${shown}, cannot be kept exactly; write it as a string`;
}

const pathText = (path: JsonPath): string => path.map(stepText).join('').replace(/^\./, '');

function stepText(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** What is wrong with a file that may contain secrets: it quotes no value. Rethrows other errors. */
export function fileFault(error: unknown): string {
  if (error instanceof JsonSyntaxError) return `is not JSON: the mistake is in ${error.place}`;
  if (error instanceof InexactJson) return `${error.path === '' ? 'the file' : error.path} ${error.problem}`;
  throw error;
}
