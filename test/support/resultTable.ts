// A table of results that the test files of a run fill row by row. The run prints it at its end, and writes it to the file
// that FAULTS_REPORT names, if any.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { tempFolder } from './tempFolder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A file of one row a line. */
    resultRows?: string;
  }
}

/** Does nothing in a run that keeps no table. */
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

type Cell = string | number | undefined;

/**
 * The rows as a Markdown table, in the order of `columns`, which gives each key its title: the first column aligned left,
 * the others right. An undefined cell is a dash. Ends with a line break.
 */
function markdownTable<Row extends { readonly [K in keyof Row]: Cell }>(
  columns: Readonly<Record<keyof Row, string>>,
  rows: readonly Row[],
): string {
  const keys = Object.keys(columns) as (keyof Row)[];
  const cells = [keys.map((key) => columns[key]), ...rows.map((row) => keys.map((key) => String(row[key] ?? '–')))];
  const widths = keys.map((_, at) => Math.max(3, ...cells.map((line) => line[at]!.length)));
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, at) => (at === 0 ? text.padEnd(widths[at]!) : text.padStart(widths[at]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return `${[line(cells[0]!), rule, ...cells.slice(1).map(line)].join('\n')}\n`;
}
