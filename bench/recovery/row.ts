// One row of the table: the times of one kind of fault, and what was promised of them.

import { percentiles } from '../measure.ts';

export interface Row {
  readonly fault: string;
  /** How often it was done. */
  readonly faults: number;
  /** ms, one for each task that was struck. */
  readonly times: readonly number[];
  /** The most that p99 may be, ms. */
  readonly target?: number;
  /** Why there are no times, or fewer than asked for. */
  readonly note?: string;
}

const titles = ['fault, and what is measured', 'faults', 'tasks', 'p50', 'p99', 'max', 'target', 'met'];

/** All times in ms. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [titles, ...rows.map(cellsOf)];
  const widths = titles.map((_, at) => Math.max(3, ...cells.map((line) => line[at]!.length)));
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, at) => (at === 0 ? text.padEnd(widths[at]!) : text.padStart(widths[at]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const notes = rows.flatMap(({ fault, note }) => (note === undefined ? [] : [`${fault}: ${note}`]));
  return [line(titles), rule, ...cells.slice(1).map(line), '', ...notes].join('\n').trimEnd();
}

function cellsOf({ fault, faults, times, target }: Row): string[] {
  const ms = (value: number): string => value.toFixed(0);
  const goal = target === undefined ? '' : `≤ ${ms(target)}`;
  if (times.length === 0)
    return [fault, String(faults), '0', '-', '-', '-', goal, target === undefined ? '' : 'not measured'];
  const { p50, p99, max } = percentiles(times);
  const met = target === undefined ? '' : p99 <= target ? 'yes' : 'NO';
  return [fault, String(faults), String(times.length), ms(p50), ms(p99), ms(max), goal, met];
}
