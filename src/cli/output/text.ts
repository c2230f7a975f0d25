// Text for a terminal: free of control characters, cut and padded by the columns that it occupies.

import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * `text` on one line and without control characters: names and prompts come from clients, and must not move the cursor or
 * change the direction of the line.
 */
export function printable(text: string): string {
  return text
    .replaceAll(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' ')
    .replaceAll(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '�');
}

/** `text` cut to at most `columns`, with an ellipsis if it was cut. */
export function cut(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  if (columns < 1) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const size = stringWidth(segment);
    if (used + size > columns - 1) break;
    kept += segment;
    used += size;
  }
  return `${kept}…`;
}

/** The lines of a longer text from a client or a model, without control characters, broken at `columns`. */
export function wrapped(text: string, columns: number): string[] {
  return text.split(/\r\n|[\n\r\u2028\u2029]/).flatMap((line) => broken(printable(line), Math.max(2, columns)));
}

function broken(line: string, columns: number): string[] {
  const lines = [''];
  let used = 0;
  for (const { segment } of segmenter.segment(line)) {
    const size = stringWidth(segment);
    if (used + size > columns) {
      lines.push('');
      used = 0;
    }
    lines[lines.length - 1] += segment;
    used += size;
  }
  return lines;
}

/** `text` padded with spaces to `columns`. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, columns - stringWidth(text)));
  return side === 'left' ? text + blanks : blanks + text;
}
