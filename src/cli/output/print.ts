// `-o`: prints a result as a table for people, or as JSON, YAML, names or a chosen field for programs.

import { InvalidArgumentError, Option } from 'commander';
import { Document, visit } from 'yaml';
import { terminalWidth, writeLine, type Io } from './io.ts';
import { jsonPathText, parseJsonPath } from './jsonPath.ts';
import type { TableOptions } from './table.ts';
import { printable } from './text.ts';

const formats = ['table', 'wide', 'json', 'yaml'] as const;
export type OutputFormat = (typeof formats)[number] | 'name' | `jsonpath=${string}`;

/** The `-o` option: all formats, unless `choices` limits them. Every command has `jsonpath=…`; only those of `nameOption` have `name`. */
export function outputOption(...choices: readonly (typeof formats)[number][]): Option {
  return optionWith(choices.length === 0 ? formats : choices);
}

/** As `outputOption`, and with `name`, for commands whose result `printAs` can name. */
export function namedOutputOption(...choices: readonly (typeof formats)[number][]): Option {
  return optionWith([...(choices.length === 0 ? formats : choices), 'name']);
}

const jsonPathPrefix = 'jsonpath=';

function optionWith(choices: readonly string[]): Option {
  const all = [...choices, jsonPathPrefix];
  const option = new Option('-o, --output <format>', 'output format');
  option.argParser((text: string) => {
    if (choices.includes(text)) return text;
    if (!text.startsWith(jsonPathPrefix))
      throw new InvalidArgumentError(`Allowed choices are ${all.join(', ')}TEMPLATE.`);
    // Mistakes are reported before a request is sent.
    parseJsonPath(text.slice(jsonPathPrefix.length));
    return text;
  });
  // For completions.
  option.argChoices = all;
  return option.default('table');
}

/** Whether a person reads the output. */
export const isForPeople = (format: OutputFormat): boolean => format === 'table' || format === 'wide';

/** What `-o name` prints before the slash: `job/01jd…`. */
export type ResourceKind = 'job' | 'pool' | 'worker';

/** Prints `data` for programs, or `lines` for people. `kind` names the resource, or those of a list, for `-o name`. */
export function printAs(
  io: Io,
  format: OutputFormat,
  data: unknown,
  lines: (options: TableOptions) => string[],
  kind: ResourceKind = 'job',
): void {
  switch (format) {
    case 'json':
      writeLine(io.stdout, JSON.stringify(data, null, 2));
      return;
    case 'yaml':
      io.stdout.write(yamlOf(data));
      return;
    case 'name':
      for (const name of namesOf(data)) writeLine(io.stdout, printable(`${kind}/${name}`));
      return;
    case 'table':
    case 'wide':
      for (const line of lines(tableOptions(io, format))) writeLine(io.stdout, line);
      return;
    default: {
      const text = jsonPathText(parseJsonPath(format.slice(jsonPathPrefix.length)), data);
      const shown = io.stdout.isTTY === true ? text.split('\n').map(printable).join('\n') : text;
      io.stdout.write(shown.endsWith('\n') || shown === '' ? shown : `${shown}\n`);
    }
  }
}

/** Jobs have ids, pools and workers have names. */
function namesOf(data: unknown): string[] {
  const { items = [data] } = data as { items?: unknown[] };
  return (items as { id?: string; name?: string }[]).map(({ id, name }) => id ?? name ?? '');
}

/** Tables are cut to the width of a terminal; `wide`, files and pipes get whole lines. */
function tableOptions(io: Io, format: 'table' | 'wide'): TableOptions {
  return format === 'wide' ? { wide: true } : { width: terminalWidth(io.stdout) };
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
