// What opens with a parenthesis: groups, and the constructs of other dialects that need backtracking.

import { unsupported } from './problem.ts';

/** Matched at an opening parenthesis, in this order. */
const constructs: readonly (readonly [RegExp, string])[] = [
  [/\(\?=/y, 'lookahead (?=…)'],
  [/\(\?!/y, 'negative lookahead (?!…)'],
  [/\(\?<=/y, 'lookbehind (?<=…)'],
  [/\(\?<!/y, 'negative lookbehind (?<!…)'],
  [/\(\?>/y, 'an atomic group (?>…)'],
  [/\(\?P=/y, 'a backreference (?P=…)'],
  [/\(\?(?:R|P>|&|[+-]?\d)/y, 'recursion (?R)'],
  [/\(\?\(/y, 'a conditional group (?(…)…)'],
  [/\(\?#/y, 'a comment (?#…)'],
  [/\(\?\|/y, 'a branch reset (?|…)'],
  [/\(\?C/y, 'a callout (?C…)'],
  [/\(\?\^?[a-z]*x[a-z]*(?:-[a-z]*)?[:)]/y, 'the flag x'],
  [/\(\*/y, 'a verb (*…)'],
];

const named = /\(\?(?:P?<[\p{L}_$][\p{L}\p{N}_$]*>|'[A-Za-z_]\w*')/uy;
const flags = /\(\?[ims]*(?:-[ims]+)?[:)]/y;

/**
 * Translates the opening of a group at `at`, and says how long it is. Groups do not capture: only whether a pattern matches
 * counts. Throws `PatternProblem`.
 */
export function groupAt(pattern: string, at: number): { text: string; length: number } {
  for (const [form, what] of constructs) if (found(form, pattern, at) !== undefined) throw unsupported(what);
  const opening = found(named, pattern, at);
  if (opening !== undefined) return { text: '(?:', length: opening.length };
  const own = found(flags, pattern, at);
  if (own !== undefined) return { text: own, length: own.length };
  if (pattern[at + 1] === '?') throw unsupported(`the group ${pattern.slice(at, at + 4)}…`);
  return { text: '(?:', length: 1 };
}

/** Whether a flag lets the dot match line ends. */
export const hasDotAll = (pattern: string): boolean => /\(\?[im]*s[ims]*(?:-[ims]+)?[:)]/.test(pattern);

function found(form: RegExp, pattern: string, at: number): string | undefined {
  form.lastIndex = at;
  return form.exec(pattern)?.[0];
}
