// One row of the table: the recovery times of one kind of fault, and their target.

import { markdownTable } from '../../test/support/markdownTable.ts';
import { percentiles } from '../measure.ts';

export interface Row {
  readonly fault: string;
  /** How often the fault was injected. */
  readonly faults: number;
  /** ms, one for each affected task. */
  readonly times: readonly number[];
  /** The upper bound of p99, ms. */
  readonly target?: number;
  /** Why there are no times, or fewer than asked for. */
  readonly note?: string;
}

const titles = ['fault, and what is measured', 'faults', 'tasks', 'p50', 'p99', 'max', 'target', 'met'];

/** All times in ms. */
export function tableOf(rows: readonly Row[]): string {
  const notes = rows.flatMap(({ fault, note }) => (note === undefined ? [] : [`${fault}: ${note}`]));
  return [markdownTable(titles, rows.map(cellsOf)), ...notes].join('\n').trimEnd();
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
