// Aligned tables: two spaces between columns, no trailing spaces, and no line longer than the terminal.

import stringWidth from 'string-width';
import { cut, pad, printable } from './text.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null | undefined;
  /** Only in `-o wide`. */
  readonly wide?: true;
  /** For numbers. */
  readonly align?: 'right';
  /** Colours the padded cell. */
  readonly paint?: (text: string, row: Row) => string;
}

export interface TableOptions {
  readonly wide?: boolean;
  /** The terminal's width in columns; longer lines are cut. Absent: nothing is cut. */
  readonly width?: number | undefined;
}

/** Lines of the table, the titles first. Empty cells show `-`. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { wide = false, width }: TableOptions = {},
): string[] {
  const shown = columns.filter((column) => column.wide !== true || wide);
  const cells = rows.map((row) => shown.map((column) => cellText(column.value(row))));
  const widths = shown.map(({ title }, at) =>
    Math.max(stringWidth(title), ...cells.map((line) => stringWidth(line[at] ?? ''))),
  );
  const titles = shown.map(({ title }) => title);
  const lines = cells.map((line, at) => renderLine(line, widths, shown, width, rows[at]));
  return [renderLine(titles, widths, shown, width, undefined), ...lines];
}

function cellText(value: string | number | null | undefined): string {
  const text = printable(String(value ?? ''));
  return text === '' ? '-' : text;
}

function renderLine<Row>(
  cells: readonly string[],
  widths: readonly number[],
  columns: readonly Column<Row>[],
  width: number | undefined,
  row: Row | undefined,
): string {
  let left = width ?? Number.POSITIVE_INFINITY;
  let line = '';
  for (const [at, column] of columns.entries()) {
    const last = at === columns.length - 1;
    const gap = at === 0 ? '' : '  ';
    const text = last && column.align !== 'right' ? cells[at]! : pad(cells[at]!, widths[at]!, sideOf(column));
    const fitting = cut(text, left - gap.length);
    if (fitting === '') break;
    line += gap + (row === undefined || column.paint === undefined ? fitting : column.paint(fitting, row));
    left -= gap.length + stringWidth(fitting);
  }
  return line.trimEnd();
}

const sideOf = (column: { align?: 'right' }): 'left' | 'right' => (column.align === 'right' ? 'right' : 'left');
