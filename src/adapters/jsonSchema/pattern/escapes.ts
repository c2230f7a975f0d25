// Translates what starts with a backslash.

import { PatternProblem, unsupported } from './problem.ts';
import { propertyAt } from './properties.ts';

export interface Piece {
  readonly text: string;
  /** How much of the pattern it stands for. */
  readonly length: number;
  /** More than one character, so that it cannot bound a range. */
  readonly isSet: boolean;
}

// JavaScript's white space, and all else; RE2's \s is only ASCII.
const space =
  '\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const notSpace =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}';

/** The escape at `at`, outside or inside a class. Throws `PatternProblem`. */
export function escapeAt(pattern: string, at: number, inClass: boolean): Piece {
  const next = pattern.codePointAt(at + 1);
  if (next === undefined) throw new PatternProblem('is not a pattern: it ends with a backslash');
  const character = String.fromCodePoint(next);
  const code = codeAt(pattern, at);
  if (code !== undefined) return { text: literal(code.code), length: code.length, isSet: false };
  if (/[dDwW]/.test(character)) return { text: `\\${character}`, length: 2, isSet: true };
  if (/[sS]/.test(character)) return { text: spaces(character, inClass), length: 2, isSet: true };
  if (/[pP]/.test(character)) return { ...propertyAt(pattern, at), isSet: true };
  if (!inClass && /[bBAzZ]/.test(character)) return { text: anchor(character), length: 2, isSet: false };
  if (/[1-9kg]/.test(character)) throw unsupported(`a backreference \\${character}`);
  if (/[A-Za-z]/.test(character)) throw unsupported(`the escape \\${character}`);
  return { text: literal(next), length: 1 + character.length, isSet: false };
}

/** A character as RE2 writes it anywhere. */
export const literal = (code: number): string => `\\x{${code.toString(16)}}`;

function spaces(character: string, inClass: boolean): string {
  const set = character === 's' ? space : notSpace;
  return inClass ? set : `[${set}]`;
}

/** Python's \Z is the end of the text. */
const anchor = (character: string): string => (character === 'Z' ? '\\z' : `\\${character}`);

/** In JavaScript, Python (`U`) and PCRE (`x{…}`). */
const hexadecimal =
  /^\\(?:u([\dA-Fa-f]{4})|u\{([\dA-Fa-f]{1,6})\}|U([\dA-Fa-f]{8})|x([\dA-Fa-f]{2})|x\{([\dA-Fa-f]{1,6})\})/;

/** The escapes that stand for one character: its code, or undefined for any other. */
function codeAt(pattern: string, at: number): { code: number; length: number } | undefined {
  const rest = pattern.slice(at, at + 12);
  const pair = /^\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})/i.exec(rest);
  if (pair !== null) {
    const [high, low] = [Number.parseInt(pair[1]!, 16), Number.parseInt(pair[2]!, 16)];
    return { code: 0x1_00_00 + (high - 0xd8_00) * 0x4_00 + (low - 0xdc_00), length: 12 };
  }
  const hex = hexadecimal.exec(rest);
  if (hex !== null) {
    const digits = hex.slice(1).find((one) => one !== undefined)!;
    return { code: within(Number.parseInt(digits, 16)), length: hex[0].length };
  }
  const octal = /^\\0[0-7]{0,2}/.exec(rest);
  if (octal !== null) return { code: Number.parseInt(octal[0].slice(1), 8), length: octal[0].length };
  const control = /^\\c([A-Za-z])/.exec(rest);
  if (control !== null) return { code: control[1]!.charCodeAt(0) % 32, length: 3 };
  const code = { t: 9, n: 10, v: 11, f: 12, r: 13 }[rest[1]!];
  return code === undefined ? undefined : { code, length: 2 };
}

function within(code: number): number {
  if (code > 0x10_ff_ff) throw new PatternProblem(`is not a pattern: there is no character ${code.toString(16)}`);
  return code;
}
