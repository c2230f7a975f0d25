// Text as it fits into a cell of a terminal: without control characters, measured in columns, cut and padded.

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

// Unicode Standard Annex 11, the wide and fullwidth blocks, and emoji: terminals give each two columns.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const withoutWidth = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

/**
 * `text` on one line and without control characters: what clients wrote into names and prompts must neither move the
 * cursor nor turn the direction of the line.
 */
export function printable(text: string): string {
  return text
    .replaceAll(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' ')
    .replaceAll(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '�');
}

/** The columns that `text` takes on a terminal. */
export function columnsOf(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of segmenter.segment(text)) columns += graphemeColumns(segment);
  return columns;
}

function graphemeColumns(grapheme: string): number {
  if (withoutWidth.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

/** `text` cut to at most `columns`, with an ellipsis where something is missing. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 1) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const size = graphemeColumns(segment);
    if (used + size > columns - 1) break;
    kept += segment;
    used += size;
  }
  return `${kept}…`;
}

/** `text` with blanks up to `columns`, after it or before it. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, columns - columnsOf(text)));
  return side === 'left' ? text + blanks : blanks + text;
}
