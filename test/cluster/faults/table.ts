// Collects the rows of the fault table from all test files and prints it at the end of the run.

import { resultTable } from '../../support/resultTable.ts';

/** Times in ms. */
export interface Row {
  readonly fault: string;
  readonly jobs: number;
  readonly terminal: number;
  readonly lost: number;
  readonly double: number;
  /** Tasks that the fault took from their worker; `p50` and `max` refer to them. */
  readonly hit: number;
  readonly p50: number | undefined;
  readonly max: number | undefined;
  /** The longest time without a claim of any task. */
  readonly pause: number;
}

const { addRow, keepTable } = resultTable<Row>({
  fault: 'fault',
  jobs: 'jobs',
  terminal: 'terminal',
  lost: 'lost',
  double: 'double',
  hit: 'tasks hit',
  p50: 'recovery p50 (ms)',
  max: 'max (ms)',
  pause: 'longest pause between claims (ms)',
});

export { addRow };

/** Global set-up of the run. */
export default keepTable;
