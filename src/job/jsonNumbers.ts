// Parses JSON without changing a number in silence. JSON numbers have any size, but JavaScript's are doubles: `JSON.parse` rounds
// integers beyond 2^53, and turns `1e999` into Infinity, which would be written as null.

import type { JsonValue } from './task.ts';

/** A number of a JSON document that a double cannot hold. */
export class InexactNumber extends Error {
  override readonly name = 'InexactNumber';
  /** The place in the document, such as `tasks[3].metadata.id`; empty for the document itself. */
  readonly path: string;
  /** The number's digits in the document. */
  readonly source: string;

  constructor(path: string, source: string) {
    const shown = source.length > 60 ? `${source.slice(0, 60)}…` : source;
    const place = path === '' ? 'the number' : `the number at ${path}`;
    super(`${place}, ${shown}, cannot be kept exactly; write it as a string`);
    this.path = path;
    this.source = source;
  }
}

/**
 * Like `JSON.parse`, but throws `InexactNumber` for a number of at least 2^53 that would be rounded, for one that would become
 * infinite, and for one that would become zero. Fractions below 2^53 keep the precision of a double. Throws `SyntaxError` for
 * anything that is not JSON, and for long numbers in a document with thousands of nested levels.
 */
export function parseExactJson(text: string): JsonValue {
  if (!suspect.test(text)) return JSON.parse(text) as JsonValue;
  const inexact: Place[] = [];
  const value = parseWithSources(text, (place) => {
    if (!isExact(place.source)) inexact.push(place);
  });
  const [first] = inexact;
  if (first === undefined) return value;
  throw new InexactNumber((pathOf(value, first) ?? '').replace(/^\./, ''), first.source);
}

/** Only such texts can contain a number that is not exact; most have neither, which saves the slower parsing. */
const suspect = /\d{16}|\d[eE][+-]?\d/;

interface Place {
  /** The object or list that holds the number. */
  readonly holder: unknown;
  readonly key: string;
  readonly source: string;
}

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

function parseWithSources(text: string, onNumber: (place: Place) => void): JsonValue {
  const parse = JSON.parse as (text: string, reviver: Reviver) => JsonValue;
  try {
    return parse(text, function visit(key, value, { source = '' }) {
      if (typeof value === 'number') onNumber({ holder: this, key, source });
      return value;
    });
  } catch (error) {
    if (error instanceof RangeError) throw new SyntaxError('The JSON is nested too deeply', { cause: error });
    throw error;
  }
}

function isExact(source: string): boolean {
  const value = Number(source);
  if (!Number.isFinite(value)) return false;
  const wanted = decimalOf(source);
  if (value === 0) return wanted.digits === '';
  if (Math.abs(value) < 2 ** 53) return true;
  const kept = decimalOf(String(value));
  return kept.digits === wanted.digits && kept.exponent === wanted.exponent;
}

/** The significant digits, and the power of ten of the first one. */
function decimalOf(source: string): { digits: string; exponent: number } {
  const [, whole = '', fraction = '', power = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const exponent = digits.length - fraction.length + Number(power);
  return { digits: digits.replace(/0+$/, ''), exponent };
}

/** Iterative, because the value may be nested deeply. */
function pathOf(root: JsonValue, { holder, key }: Place): string | undefined {
  const open: { value: JsonValue; path: string }[] = [{ value: root, path: '' }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { value, path } = at;
    if (typeof value !== 'object' || value === null) continue;
    if (value === holder) return path + stepOf(value, key);
    for (const [name, inner] of Object.entries(value)) open.push({ value: inner, path: path + stepOf(value, name) });
  }
  return undefined;
}

function stepOf(holder: object, key: string): string {
  if (Array.isArray(holder)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
