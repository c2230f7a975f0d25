// API keys as text. A key that was pasted with an invisible character, a quote or a space fails at the provider in ways that are
// hard to understand, so it is refused at the start. No message contains a key.

import { z } from 'zod';
import type { TextForm } from './setting.ts';

/** What is wrong with a key, to follow its place in a message; undefined for a key that may be valid. */
export function keyProblem(key: string): string | undefined {
  for (const character of key) {
    const codePoint = character.codePointAt(0)!;
    const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
    if (/[\p{C}\p{Z}\u115f\u1160\u3164\uffa0]/u.test(character) && character !== ' ') {
      return `contains an invisible character (${name})`;
    }
    if (codePoint > 0x7e) return `contains a character that is not ASCII (${name})`;
    if (character === ' ') return 'contains a space';
    if (/["'`]/.test(character)) return 'contains a quote';
  }
  return undefined;
}

/** Drops spaces, tabs and line breaks around a key, but no other invisible character. */
export const trimKey = (text: string): string => text.replaceAll(/^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g, '');

/** Like `trimKey`, but keeps line breaks at the start, so that lines can be counted. */
export const trimKeyLines = (text: string): string => text.replace(/[\t\n\v\f\r ]+$/, '');

/**
 * At least one key, separated by commas or line breaks. Blank entries and repetitions are dropped. The path of an issue has the
 * 0-based entry and the 0-based line.
 */
export const keyList: TextForm<string[]> = {
  schema: z.string().transform((text, context): string[] => {
    const entries = text
      .split('\n')
      .flatMap((line, at) => line.split(',').map((entry) => ({ key: trimKey(entry), line: at })))
      .filter(({ key }) => key !== '');
    if (entries.length === 0) context.addIssue({ code: 'custom', message: 'is an empty list' });
    for (const [at, { key, line }] of entries.entries()) {
      const message = keyProblem(key);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [at, line], message });
    }
    return [...new Set(entries.map(({ key }) => key))];
  }),
  allowed: 'keys without spaces and quotes; separate multiple values with commas',
  placeholder: 'secret,…',
};
