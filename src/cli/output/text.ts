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

/**
 * The lines of a longer text from a client or a model, without control characters, broken at words into `columns`. A word that is
 * longer than a line is broken too.
 */
export function wrapped(text: string, columns: number): string[] {
  return text.split(/\r\n|[\n\r\u2028\u2029]/).flatMap((line) => broken(printable(line), Math.max(2, columns)));
}

function broken(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const [, blanks = '', word = ''] of line.matchAll(/(\s*)(\S*)/g)) {
    const longer = `${current}${blanks}${word}`;
    if (stringWidth(longer) <= columns) {
      current = longer;
      continue;
    }
    if (current !== '') lines.push(current);
    const pieces = piecesOf(current === '' ? blanks + word : word, columns);
    current = pieces.pop()!;
    lines.push(...pieces);
  }
  return [...lines, current];
}

/** The text broken anywhere. */
function piecesOf(text: string, columns: number): string[] {
  const pieces = [''];
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const size = stringWidth(segment);
    if (used + size > columns) {
      pieces.push('');
      used = 0;
    }
    pieces[pieces.length - 1] += segment;
    used += size;
  }
  return pieces;
}

/** `head` and then a text, whose further lines begin below its start. `width`: the terminal's; absent: all on one line. */
export function hanging(head: string, text: string, width: number | undefined): string[] {
  const start = stringWidth(head);
  if (width === undefined) return [head + printable(text)];
  // A head that takes most of the line leaves too little room beside it.
  if (start > Math.max(4, width / 2))
    return [...(start <= width ? [head.trimEnd()] : wrapped(head, width)), ...hanging('    ', text, width)];
  const [first = '', ...more] = wrapped(printable(text), width - start);
  return [head + first, ...more.map((line) => ' '.repeat(start) + line)];
}

/** An indented command to copy; lines that would be wider than the terminal are continued as a shell does. */
export function shellCommand(command: string, width: number | undefined): string[] {
  const indent = '  ';
  const line = indent + printable(command);
  if (width === undefined || stringWidth(line) <= width) return [line];
  const lines = wrapped(printable(command), width - 2 * indent.length - ' \\'.length);
  return lines.map((part, at) => `${at === 0 ? indent : indent + indent}${part}${at < lines.length - 1 ? ' \\' : ''}`);
}

/** `text` padded with spaces to `columns`. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, columns - stringWidth(text)));
  return side === 'left' ? text + blanks : blanks + text;
}
