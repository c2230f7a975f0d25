// Aligned tables: two spaces between columns, no trailing spaces, and no line longer than the terminal.

import stringWidth from 'string-width';
import { gap, layoutFor, type Flexibility, type Layout, type Sized } from './tableLayout.ts';
import { cut, pad, printable, wrapped } from './text.ts';

export interface Column<Row> extends Flexibility {
  readonly title: string;
  readonly value: (row: Row) => string | number | null | undefined;
  /** Only in `-o wide`. */
  readonly wide?: true;
  /** On a terminal only if a row has a value for it, else only in `-o wide`: files and pipes always get the same columns. */
  readonly optional?: true;
  /** For numbers. */
  readonly align?: 'right';
  /** Colours the padded cell. */
  readonly paint?: (text: string, row: Row) => string;
}

export interface TableOptions {
  readonly wide?: boolean;
  /** The terminal's width in columns. Absent: every cell is whole and on one line. */
  readonly width?: number | undefined;
}

interface Part<Row> extends Sized {
  readonly column: Column<Row>;
  /** Of every row. */
  readonly cells: readonly string[];
}

/** Lines of the table, the titles first. Empty cells show `-`. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { wide = false, width }: TableOptions = {},
): string[] {
  const parts = columns
    .filter(({ wide: onlyWide, optional }) => wide || (onlyWide !== true && (width !== undefined || optional !== true)))
    .map((column) => partOf(column, rows))
    .filter(({ column, cells }) => wide || column.optional !== true || cells.some(isFilled));
  const layout = width === undefined ? unlimited(parts) : layoutFor(parts, width);
  const titles = layout.beside.map(({ column }) => [column.title]);
  return [...sideBySide(titles, layout), ...rows.flatMap((row, at) => rowLines(row, at, layout, width))];
}

const empty = '-';
const isFilled = (cell: string): boolean => cell !== empty;

function partOf<Row>(column: Column<Row>, rows: readonly Row[]): Part<Row> {
  const cells = rows.map((row) => printable(String(column.value(row) ?? '')) || empty);
  const title = stringWidth(column.title);
  const natural = Math.max(title, ...cells.map((cell) => stringWidth(cell)));
  return { ...column, column, cells, title, natural };
}

const unlimited = <Row>(parts: readonly Part<Row>[]): Layout<Part<Row>> => ({
  beside: parts.map((part) => ({ ...part, width: part.natural })),
  below: [],
});

function rowLines<Row>(row: Row, at: number, layout: Layout<Part<Row>>, width: number | undefined): string[] {
  const blocks = layout.beside.map(({ cells, wrap, width: columns }) =>
    wrap === undefined ? [cut(cells[at]!, columns)] : wrapped(cells[at]!, columns),
  );
  const below = layout.below.filter(({ cells }) => isFilled(cells[at]!));
  return [
    ...sideBySide(blocks, layout, row),
    ...below.flatMap(({ cells, column }) =>
      wrapped(cells[at]!, width! - gap).map((line) => indented(painted(column, cut(line, width! - gap), row))),
    ),
  ];
}

const indented = (line: string): string => (line === '' ? '' : ' '.repeat(gap) + line);

/** `blocks`: the lines of each cell. */
function sideBySide<Row>(blocks: readonly string[][], { beside }: Layout<Part<Row>>, row?: Row): string[] {
  const height = Math.max(1, ...blocks.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const cells = beside.map(({ column, width }, at) => {
      const text = cut(blocks[at]![line] ?? '', width);
      const isLast = at === beside.length - 1 && column.align !== 'right';
      return painted(column, isLast ? text : pad(text, width, column.align === 'right' ? 'right' : 'left'), row);
    });
    return cells.join(' '.repeat(gap)).trimEnd();
  });
}

function painted<Row>({ paint }: Column<Row>, text: string, row: Row | undefined): string {
  return row === undefined || paint === undefined || text.trim() === '' ? text : paint(text, row);
}
