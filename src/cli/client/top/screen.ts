// The screen of `genwarden top`: figures, what is wrong, then tables that share the rows that are left.

import type { Paint } from '../../output/colours.ts';
import { renderTable, type Column, type TableOptions } from '../../output/table.ts';
import { hanging } from '../../output/text.ts';
import { figureLines } from './figures.ts';
import type { Snapshot } from './snapshot.ts';
import { jobColumns, poolColumns, workerColumns } from './tables.ts';
import { troubleOf, type Trouble } from './trouble.ts';

export interface ScreenOptions extends TableOptions {
  /** ms since 1970. */
  readonly now: number;
  readonly paint: Paint;
  /** Absent: as many lines as it takes. */
  readonly rows?: number | undefined;
}

/** At most so many lines about what is wrong, if rows are scarce. */
const mostTrouble = 6;

export function screenLines(snapshot: Snapshot, options: ScreenOptions): string[] {
  const { now, paint, width, rows = Infinity } = options;
  const figures = snapshot.activity === null ? [] : figureLines(snapshot.activity, now, { paint, width });
  const trouble = fitting(troubleLines(troubleOf(snapshot, now), options), rows === Infinity ? Infinity : mostTrouble);
  const top = [figures, trouble].filter((lines) => lines.length > 0);
  const tables = tablesOf(snapshot, options);
  const used = top.reduce((sum, lines) => sum + lines.length + 1, 0) + tables.length - 1;
  const shared = shareRows(
    tables.map((blocks) => blocks.flat().length),
    rows - used,
  );
  const fitted = tables.map((blocks, at) => fitting(blocks, shared[at]!, 1)).filter((lines) => lines.length > 0);
  return [...top, ...fitted].flatMap((lines, at) => (at === 0 ? lines : ['', ...lines])).slice(0, rows);
}

function troubleLines(trouble: readonly Trouble[], { paint, width }: ScreenOptions): string[][] {
  return trouble.map(({ severity, text }) => {
    const lines = hanging(severity === 'wrong' ? '✗ ' : '! ', text, width);
    return lines.map((line) => paint(severity === 'wrong' ? 'red' : 'yellow', line));
  });
}

/** Each table as its title and rows; a row may take several lines. */
function tablesOf({ pools, workers, jobs, moreJobs }: Snapshot, options: ScreenOptions): string[][][] {
  const { now, paint } = options;
  const busiest = workers.toSorted((a, b) => b.slots.busy - a.slots.busy || (a.name < b.name ? -1 : 1));
  const jobRows = rowsOf(jobs, jobColumns(now, paint), options);
  return [
    rowsOf(pools, poolColumns(workers, now), options),
    workers.length === 0 ? [['No live workers.']] : rowsOf(busiest, workerColumns(now), options),
    jobs.length === 0 ? [['No open jobs.']] : [...jobRows, ...(moreJobs ? [['… and older ones']] : [])],
  ];
}

/** The lines of a table by row. A row begins at the left edge; what it continues with does not. */
function rowsOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: ScreenOptions): string[][] {
  const blocks: string[][] = [];
  for (const line of renderTable(rows, columns, options)) {
    if (blocks.length > 0 && line.startsWith(' ')) blocks.at(-1)!.push(line);
    else blocks.push([line]);
  }
  return blocks;
}

/** Every table gets the same number of rows, and those that need fewer leave the rest to the others. */
export function shareRows(wanted: readonly number[], rows: number): number[] {
  const shares = wanted.map(() => 0);
  let left = Math.max(0, rows);
  for (;;) {
    const hungry = wanted.flatMap((want, at) => (shares[at]! < want ? [at] : []));
    if (hungry.length === 0 || left === 0) return shares;
    if (left === Infinity) return [...wanted];
    for (const at of hungry.slice(0, left)) shares[at]! += 1;
    left -= Math.min(left, hungry.length);
  }
}

/** As many blocks as fit into so many lines, and how many are left out; `titles` of the first do not count. */
function fitting(blocks: readonly string[][], rows: number, titles = 0): string[] {
  if (blocks.flat().length <= rows) return blocks.flat();
  if (rows < 1) return [];
  const shown: string[][] = [];
  for (const block of blocks) {
    if (shown.flat().length + block.length > rows - 1) break;
    shown.push(block);
  }
  return [...shown.flat(), `… and ${blocks.length - Math.max(titles, shown.length)} more`];
}
