// `-o`: prints a result as a table for people, or as JSON or YAML for programs.

import { Option } from 'commander';
import { Document, visit } from 'yaml';
import type { Io } from './io.ts';
import { writeLine } from './io.ts';
import type { TableOptions } from './table.ts';

const formats = ['table', 'wide', 'json', 'yaml'] as const;
export type OutputFormat = (typeof formats)[number];

/** The `-o` option: all formats, unless `choices` limits them. */
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
      io.stdout.write(yamlOf(data));
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

// JSON allows these characters; YAML allows them only as escapes, or would read them as line breaks.
const needsEscape = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** JSON data as YAML in block style, which parsers of YAML 1.1 and 1.2 read alike: `"yes"` and `"010"` are quoted. */
export function yamlOf(data: unknown): string {
  const document = new Document(data, { compat: 'yaml-1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && scalar.value.search(needsEscape) >= 0) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return document.toString({ lineWidth: 0 }).replaceAll(needsEscape, escape);
}
