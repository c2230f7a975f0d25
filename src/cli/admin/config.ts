// `genwarden config`: every setting with its value and where the value came from. Secrets are masked.

import type { Command } from 'commander';
import { describeSettings, type DescribedSetting } from '../../config/describe.ts';
import { readSettings } from '../../config/load.ts';
import { paintFor } from '../output/colours.ts';
import { endOnClosedPipe, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable, type Column } from '../output/table.ts';

export function addConfig(program: Command, io: Io): void {
  program
    .command('config')
    .description('Show every setting with its value and where it came from')
    .addOption(outputOption())
    .action(({ output }: { output: OutputFormat }) => showSettings(io, output));
}

function showSettings(io: Io, format: OutputFormat): void {
  endOnClosedPipe(io.stdout);
  const { resolved } = readSettings({ env: io.env, terminal: io.stdout.isTTY === true });
  const settings = describeSettings(resolved).map((setting) => ({ ...setting, value: setting.value ?? null }));
  printAs(io, format, settings, (options) => renderTable(settings, columnsFor(io), options));
}

function columnsFor(io: Io): Column<Omit<DescribedSetting, 'value'> & { value: string | null }>[] {
  const paint = paintFor(io, io.stdout);
  return [
    { title: 'SETTING', value: ({ variable }) => variable },
    {
      title: 'VALUE',
      value: ({ value }) => value,
      paint: (text, { source }) => (source === 'default' || source === 'unset' ? paint('dim', text) : text),
    },
    { title: 'SOURCE', value: ({ source }) => source },
    { title: 'FLAG', value: ({ flag }) => flag, wide: true },
    { title: 'MEANING', value: ({ description }) => description, wide: true },
  ];
}
