// The rows of the fault suite's table, gathered over all test files; what the last one leaves is printed and kept.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { markdownTable } from '../../support/markdownTable.ts';
import { tempFolder } from '../../support/tempFolder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A file of one row a line. */
    faultRows?: string;
  }
}

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

/** Only where the run keeps a table, see below. */
export function addRow(row: Row): void {
  const file = inject('faultRows');
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** Global set-up of a run that keeps a table: it is printed at the end, and written to FAULTS_REPORT where that is set. */
export default async function keepTable(project: TestProject): Promise<() => Promise<void>> {
  const folder = await tempFolder('faults');
  const file = join(folder.path, 'rows');
  project.provide('faultRows', file);
  return async () => {
    if (existsSync(file)) show(readFileSync(file, 'utf8').trim().split('\n'));
    await folder.remove();
  };
}

function show(lines: readonly string[]): void {
  const table = markdownTable(
    columns,
    lines.map((line) => JSON.parse(line) as Row),
  );
  process.stdout.write(`\n${table}\n`);
  const report = process.env['FAULTS_REPORT'];
  if (report !== undefined && report !== '') writeFileSync(report, table);
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
