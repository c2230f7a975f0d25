// `-o`: prints a result as a table for people, or as JSON or YAML for programs.

import { Option } from 'commander';
import type { Io } from './io.ts';
import { writeLine } from './io.ts';
import type { TableOptions } from './table.ts';
import { toYaml } from './yaml.ts';

const formats = ['table', 'wide', 'json', 'yaml'] as const;
export type OutputFormat = (typeof formats)[number];

/** `-o`, for a command that prints data. */
export function outputOption(...choices: readonly OutputFormat[]): Option {
  return new Option('-o, --output <format>', 'output format')
    .choices(choices.length === 0 ? [...formats] : [...choices])
    .default('table');
}

/** Prints `data` for programs, or `lines` for people. */
export function printAs(io: Io, format: OutputFormat, data: unknown, lines: (options: TableOptions) => string[]): void {
  switch (format) {
    case 'json':
      writeLine(io.stdout, JSON.stringify(data, null, 2));
      return;
    case 'yaml':
      io.stdout.write(toYaml(data));
      return;
    case 'table':
    case 'wide':
      for (const line of lines(tableOptions(io, format))) writeLine(io.stdout, line);
  }
}

/** Tables are cut to the width of a terminal; `wide`, files and pipes get whole lines. */
function tableOptions(io: Io, format: 'table' | 'wide'): TableOptions {
  const cutAt = format === 'table' && io.stdout.isTTY === true ? io.stdout.columns : undefined;
  return { wide: format === 'wide', width: cutAt };
}
