// A table of results that the test files of a run fill row by row: printed at its end, and written to the file that
// FAULTS_REPORT names, where it is set.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { markdownTable } from './markdownTable.ts';
import { tempFolder } from './tempFolder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A file of one row a line. */
    resultRows?: string;
  }
}

/** Only where the run keeps a table, see below. */
export function addResult(row: object): void {
  const file = inject('resultRows');
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** Global set-up of a run that keeps a table with these columns. */
export async function keepResults(
  project: TestProject,
  columns: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const folder = await tempFolder('results');
  const file = join(folder.path, 'rows');
  project.provide('resultRows', file);
  return async () => {
    if (existsSync(file)) show(columns, readFileSync(file, 'utf8').trim().split('\n'));
    await folder.remove();
  };
}

function show(columns: Readonly<Record<string, string>>, lines: readonly string[]): void {
  const rows = lines.map((line) => JSON.parse(line) as Record<string, string | number | undefined>);
  const table = markdownTable(columns, rows);
  process.stdout.write(`\n${table}\n`);
  const report = process.env['FAULTS_REPORT'];
  if (report !== undefined && report !== '') writeFileSync(report, table);
}
