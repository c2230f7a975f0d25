// The table of values: what each metric should be, and what Prometheus has. The run prints it at its end.

import { resultTable } from '../../support/resultTable.ts';

export interface ValueRow {
  readonly metric: string;
  /** The sum, and the number of series that are not 0. */
  readonly expected: string;
  readonly got: string;
}

const { addRow, keepTable } = resultTable<ValueRow>({
  metric: 'metric',
  expected: 'expected',
  got: 'in Prometheus',
});

export const addValueRow = addRow;

/** Global set-up of the run. */
export default keepTable;
