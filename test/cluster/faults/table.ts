// The rows of the table of faults in a real cluster, gathered over all test files and printed at the end of the run.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { markdownTable } from '../../support/markdownTable.ts';
import { tempFolder } from '../../support/tempFolder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A file of one row a line. */
    clusterFaultRows?: string;
  }
}

/** Times in ms. */
export interface Row {
  readonly fault: string;
  readonly jobs: number;
  readonly terminal: number;
  readonly lost: number;
  readonly double: number;
  /** Tasks that the fault took from their worker; `p50` and `max` are theirs. */
  readonly hit: number;
  readonly p50: number | undefined;
  readonly max: number | undefined;
  /** The longest time without a claim of any task. */
  readonly pause: number;
}

export function addRow(row: Row): void {
  const file = inject('clusterFaultRows');
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** Global set-up: the table is printed at the end, and written to FAULTS_REPORT where that is set. */
export default async function keepTable(project: TestProject): Promise<() => Promise<void>> {
  const folder = await tempFolder('cluster-faults');
  const file = join(folder.path, 'rows');
  project.provide('clusterFaultRows', file);
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
  process.stdout.write(`\n${table}`);
  const report = process.env['FAULTS_REPORT'];
  if (report !== undefined && report !== '') writeFileSync(report, table);
}

const columns = {
  fault: 'fault',
  jobs: 'jobs',
  terminal: 'terminal',
  lost: 'lost',
  double: 'double',
  hit: 'tasks hit',
  p50: 'recovery p50 (ms)',
  max: 'max (ms)',
  pause: 'longest pause between claims (ms)',
} satisfies Record<keyof Row, string>;
