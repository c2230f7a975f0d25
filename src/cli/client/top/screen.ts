// The screen of `genwarden top`: figures, what is wrong, then tables that share the rows that are left.

import type { Paint } from '../../output/colours.ts';
import { renderTable, type TableOptions } from '../../output/table.ts';
import { cut, printable } from '../../output/text.ts';
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
  const trouble = shortened(
    troubleLines(troubleOf(snapshot, now), options),
    rows === Infinity ? Infinity : mostTrouble,
  );
  const top = [figures, trouble].filter((lines) => lines.length > 0);
  const tables = tablesOf(snapshot, options);
  const used = top.reduce((sum, lines) => sum + lines.length + 1, 0) + tables.length - 1;
  const shared = shareRows(
    tables.map((lines) => lines.length),
    rows - used,
  );
  const fitted = tables.map((lines, at) => shortened(lines, shared[at]!)).filter((lines) => lines.length > 0);
  return [...top, ...fitted].flatMap((lines, at) => (at === 0 ? lines : ['', ...lines])).slice(0, rows);
}

function troubleLines(trouble: readonly Trouble[], { paint, width = Infinity }: ScreenOptions): string[] {
  return trouble.map(({ severity, text }) => {
    const line = cut(`${severity === 'wrong' ? '✗' : '!'} ${printable(text)}`, width);
    return paint(severity === 'wrong' ? 'red' : 'yellow', line);
  });
}

function tablesOf({ pools, workers, jobs, moreJobs }: Snapshot, options: ScreenOptions): string[][] {
  const { now, paint } = options;
  const busiest = workers.toSorted((a, b) => b.slots.busy - a.slots.busy || (a.name < b.name ? -1 : 1));
  const jobLines = renderTable(jobs, jobColumns(now, paint), options);
  return [
    renderTable(pools, poolColumns(workers, now), options),
    workers.length === 0 ? ['No live workers.'] : renderTable(busiest, workerColumns(now), options),
    jobs.length === 0 ? ['No open jobs.'] : [...jobLines, ...(moreJobs ? ['… and older ones'] : [])],
  ];
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

function shortened(lines: readonly string[], rows: number): string[] {
  if (lines.length <= rows) return [...lines];
  if (rows < 1) return [];
  return [...lines.slice(0, rows - 1), `… and ${lines.length - rows + 1} more`];
}
