// A table of results that the test files of a run fill row by row. The run prints it at its end, and writes it to the file
// that FAULTS_REPORT names, if any.

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

/** What adds a row, and the global set-up of a run that keeps a table with these columns. */
export function resultTable<Row extends object>(columns: Readonly<Record<keyof Row & string, string>>) {
  return {
    addRow: (row: Row): void => addResult(row),
    keepTable: (project: TestProject): Promise<() => Promise<void>> => keepResults(project, columns),
  };
}

/** Does nothing in a run that keeps no table. */
function addResult(row: object): void {
  const file = inject('resultRows');
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

async function keepResults(
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
  const keys = Object.keys(columns);
  const table = markdownTable(
    Object.values(columns),
    rows.map((row) => keys.map((key) => String(row[key] ?? '–'))),
  );
  process.stdout.write(`\n${table}\n`);
  const report = process.env['FAULTS_REPORT'];
  if (report !== undefined && report !== '') writeFileSync(report, table);
}
