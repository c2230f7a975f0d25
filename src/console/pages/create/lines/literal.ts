// Writes JSON values as literals of programming languages, indented, and escapes what a terminal or an editor would not show.

import type { Json } from '../../../../client/index.ts';

export interface Language {
  readonly text: (text: string) => string;
  readonly key: (key: string) => string;
  readonly true: string;
  readonly false: string;
  readonly null: string;
}

/** What is invisible, or changes the order in which text is shown, so that a line would read differently from what it does. */
const hidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Except for line breaks. */
export const hasHidden = (text: string): boolean => text.replaceAll('\n', '').search(hidden) >= 0;

const shortEscapes: Readonly<Record<string, string>> = {
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
};

/** The inside of a string literal of JSON, JavaScript or Python between `quote`s. */
export const escaped = (text: string, quote: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replace(hidden, (unit) => shortEscapes[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** As in a program that a person wrote: what fits stays on one line. */
export function literal(value: Json, language: Language, indent = 0): string {
  if (typeof value === 'string') return language.text(value);
  if (value === null) return language.null;
  if (typeof value === 'boolean') return value ? language.true : language.false;
  if (typeof value !== 'object') return String(value);
  const isList = Array.isArray(value);
  const inner = indent + 2;
  const items = isList
    ? value.map((item) => literal(item, language, inner))
    : Object.entries(value).map(([key, item]) => `${language.key(key)}: ${literal(item, language, inner)}`);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (items.length === 0) return open + close;
  const space = isList ? '' : ' ';
  const line = `${open}${space}${items.join(', ')}${space}${close}`;
  if (line.length <= 90 && !line.includes('\n')) return line;
  return `${open}\n${items.map((item) => `${' '.repeat(inner)}${item}`).join(',\n')}\n${' '.repeat(indent)}${close}`;
}

const jsonText = (text: string): string => `"${escaped(text, '"')}"`;

export const json: Language = { text: jsonText, key: jsonText, true: 'true', false: 'false', null: 'null' };
