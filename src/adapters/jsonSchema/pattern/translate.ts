// Translates regular expressions of JavaScript, Python and PCRE into the syntax of RE2, or says which construct it lacks.

import { classAt } from './characterClass.ts';
import { escapeAt, literal } from './escapes.ts';
import { groupAt, hasDotAll } from './groups.ts';
import { PatternProblem, unsupported } from './problem.ts';

/** Of a counted repetition, as in `a{1000}`; the engine has the same bound. */
const mostRepeats = 1_000;

/** Throws `PatternProblem`. The result may still have errors that the engine finds, such as an unclosed group. */
export function translatePattern(pattern: string): string {
  const dot = hasDotAll(pattern) ? '.' : '[^\\n\\r\\x{2028}\\x{2029}]';
  let text = '';
  let isQuantified = false;
  for (let at = 0; at < pattern.length;) {
    const quantifier = quantifierAt(pattern, at);
    if (quantifier !== undefined && isQuantified) {
      if (quantifier === '+') throw unsupported(`a possessive quantifier ${pattern.slice(at - 1, at + 1)}`);
      // A lazy quantifier matches the same texts.
      if (quantifier !== '?') throw new PatternProblem(`is not a pattern: nothing to repeat before ${quantifier}`);
      at += 1;
      isQuantified = false;
      continue;
    }
    const piece =
      quantifier === undefined ? pieceAt(pattern, at, dot) : { text: quantifier, length: quantifier.length };
    isQuantified = quantifier !== undefined;
    text += piece.text;
    at += piece.length;
  }
  return text;
}

function quantifierAt(pattern: string, at: number): string | undefined {
  const character = pattern[at]!;
  if ('*+?'.includes(character)) return character;
  const counted = character === '{' ? /^\{(\d+)(?:,(\d*))?\}/.exec(pattern.slice(at, at + 40)) : null;
  if (counted === null) return undefined;
  if (counted.slice(1).some((count) => Number(count ?? 0) > mostRepeats)) {
    throw new PatternProblem(`repeats more than ${mostRepeats} times, ${counted[0]}; use minLength and maxLength`);
  }
  const [whole, least, most] = counted;
  if (most !== undefined && most !== '' && Number(least) > Number(most)) {
    throw new PatternProblem(`is not a pattern: ${whole} is out of order`);
  }
  return whole;
}

function pieceAt(pattern: string, at: number, dot: string): { text: string; length: number } {
  const code = pattern.codePointAt(at)!;
  const character = String.fromCodePoint(code);
  switch (character) {
    case '\\':
      return escapeAt(pattern, at, false);
    case '[':
      return classAt(pattern, at);
    case '(':
      return groupAt(pattern, at);
    case '.':
      return { text: dot, length: 1 };
    case '^':
    case '$':
    case '|':
    case ')':
      return { text: character, length: 1 };
    default:
      return { text: literal(code), length: character.length };
  }
}
