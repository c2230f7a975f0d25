// Translates a character class, such as `[\w.-]`.

import { escapeAt, literal, type Piece } from './escapes.ts';
import { PatternProblem } from './problem.ts';

/** The class that opens at `at`. Throws `PatternProblem`. */
export function classAt(pattern: string, at: number): { text: string; length: number } {
  const negated = pattern[at + 1] === '^';
  const start = at + (negated ? 2 : 1);
  if (pattern[start] === ']') {
    if (negated) return { text: '[\\x{0}-\\x{10ffff}]', length: start + 1 - at };
    throw new PatternProblem('has an empty class []; write \\] for a bracket');
  }
  let text = '';
  let position = start;
  while (pattern[position] !== ']') {
    const first = memberAt(pattern, position);
    position += first.length;
    const isRange = pattern[position] === '-' && pattern[position + 1] !== ']';
    if (!isRange) {
      text += first.text;
      continue;
    }
    const last = memberAt(pattern, position + 1);
    position += 1 + last.length;
    // As JavaScript reads [\w-.]: the hyphen is one more member.
    const hyphen = first.isSet || last.isSet ? literal(0x2d) : '-';
    text += `${first.text}${hyphen}${last.text}`;
  }
  return { text: `[${negated ? '^' : ''}${text}]`, length: position + 1 - at };
}

function memberAt(pattern: string, at: number): Piece {
  if (at >= pattern.length) throw new PatternProblem('is not a pattern: a class [ is not closed');
  if (pattern[at] === '\\') {
    // A backspace only here.
    if (pattern[at + 1] === 'b') return { text: literal(8), length: 2, isSet: false };
    return escapeAt(pattern, at, true);
  }
  const posix = /^\[:\^?[a-z]+:\]/.exec(pattern.slice(at, at + 16));
  if (posix !== null) return { text: posix[0], length: posix[0].length, isSet: true };
  const code = pattern.codePointAt(at)!;
  return { text: literal(code), length: code > 0xff_ff ? 2 : 1, isSet: false };
}
