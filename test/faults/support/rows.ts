// The table of the fault suite: each test adds a row, and the run prints the table at its end.

import { resultTable } from '../../support/resultTable.ts';

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

const { addRow, keepTable } = resultTable<Row>({
  fault: 'fault',
  jobs: 'jobs',
  tasks: 'tasks',
  terminal: 'terminal',
  lost: 'lost',
  double: 'double',
  paidTwice: 'paid twice',
  eventsMissed: 'events missed',
  worstOverdueMs: 'worst overdue (ms)',
});

export { addRow };

/** Global set-up of the run. */
export default keepTable;
