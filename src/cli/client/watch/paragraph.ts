// A line that is too long for the terminal, broken between words.

import { wrapped } from '../../output/text.ts';

/** Further lines are indented like the first one, or by two columns if it is not. `columns` absent: no terminal, one line. */
export function paragraph(line: string, columns: number | undefined): string[] {
  if (columns === undefined) return [line];
  const [, indent = '', text = ''] = /^( *)(.*)$/.exec(line) ?? [];
  const below = indent === '' ? '  ' : indent;
  const [first = '', ...more] = wrapped(text, columns - below.length);
  return [`${indent}${first}`, ...more.map((words) => `${below}${words}`)];
}
