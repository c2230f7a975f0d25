// The table of the suite at the edges: each test adds a row, and the run prints the table at its end.

import { resultTable } from '../../support/resultTable.ts';

export interface EdgeRow {
  readonly fault: string;
  readonly jobs: number;
  readonly terminal: number;
  /** Acknowledged jobs, artifacts or downloads that are gone or incomplete. */
  readonly lost: number;
  /** How long after its `dueAt` the most overdue task was moved, ms; undefined if the jobs are deleted. */
  readonly overdueMs: number | undefined;
  /** Jobs, requests or workers beside the fault that did not get their own right outcome. */
  readonly innocentsHarmed: number;
  /** From the end of the fault until everything worked again, ms; undefined if nothing was interrupted. */
  readonly recoveredAfterMs: number | undefined;
}

const { addRow, keepTable } = resultTable<EdgeRow>({
  fault: 'fault',
  jobs: 'jobs',
  terminal: 'terminal',
  lost: 'lost',
  overdueMs: 'overdue (ms)',
  innocentsHarmed: 'innocents harmed',
  recoveredAfterMs: 'recovered after (ms)',
});

export const addEdgeRow = addRow;

/** Global set-up of the run. */
export default keepTable;
