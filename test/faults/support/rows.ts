// The table of the fault suite: each test adds a row, and the run prints the table at its end.

import type { TestProject } from 'vitest/node';
import { addResult, keepResults } from '../../support/resultTable.ts';

export interface Row {
  readonly fault: string;
  readonly jobs: number;
  readonly tasks: number;
  readonly terminal: number;
  readonly lost: number;
  readonly double: number;
  readonly paidTwice: number;
  readonly eventsMissed: number;
  readonly worstOverdueMs: number;
}

/** Does nothing in a run that keeps no table. */
export const addRow = (row: Row): void => addResult(row);

/** Global set-up of the run. */
export default function keepTable(project: TestProject): Promise<() => Promise<void>> {
  return keepResults(project, columns);
}

const columns = {
  fault: 'fault',
  jobs: 'jobs',
  tasks: 'tasks',
  terminal: 'terminal',
  lost: 'lost',
  double: 'double',
  paidTwice: 'paid twice',
  eventsMissed: 'events missed',
  worstOverdueMs: 'worst overdue (ms)',
} satisfies Record<keyof Row, string>;
