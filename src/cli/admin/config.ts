// `genwarden config`: every setting of this shell, or of the API process, with its value and where the value came from. Secrets are
// masked.

import type { Command } from 'commander';
import type { GenwardenClient } from '../../client/index.ts';
import { describeSettings } from '../../config/describe.ts';
import { readSettings } from '../../config/load.ts';
import { clientCommand, withClient } from '../client/session.ts';
import { paintFor } from '../output/colours.ts';
import { endOnClosedPipe, terminalWidth, writeLine, type Io } from '../output/io.ts';
import { isForPeople, outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable, type Column } from '../output/table.ts';
import { hanging } from '../output/text.ts';

interface ConfigOptions {
  readonly server?: true;
  readonly output: OutputFormat;
}

/** One setting, of this shell or of the API. */
interface Shown {
  readonly name: string;
  readonly flag?: string;
  readonly value: string | null;
  readonly source: string;
  readonly description: string;
}

export function addConfig(program: Command, io: Io): void {
  clientCommand(program, 'config', "Show this shell's settings and where each came from")
    .option('--server', "show the settings of the API's process instead; needs a token with the scope admin")
    .addOption(outputOption())
    .action(async (options: ConfigOptions, command: Command) => {
      if (options.server !== true) return showSettings(io, options);
      return withClient<[ConfigOptions]>(io, showServer(io))(options, command);
    });
}

const aboutShell =
  "These are the settings of this shell. Other processes have their own: `genwarden config --server` shows the API's, and `genwarden doctor` checks the installation.";
const aboutServer = "These are the settings of the API's process. Workers and the controller have their own.";

function showSettings(io: Io, { output }: ConfigOptions): void {
  endOnClosedPipe(io.stdout);
  const { resolved } = readSettings({ env: io.env, terminal: io.stdout.isTTY === true });
  const settings = describeSettings(resolved).map((setting) => ({ ...setting, value: setting.value ?? null }));
  const shown = settings.map(({ variable, ...rest }) => ({ name: variable, ...rest }));
  printAs(io, output, settings, (options) => renderTable(shown, columnsFor(io), options));
  explain(io, output, aboutShell);
}

const showServer =
  (io: Io) =>
  async (client: GenwardenClient, { output }: ConfigOptions): Promise<void> => {
    const settings = await client.settings();
    printAs(io, output, settings, (options) => renderTable(settings, columnsFor(io), options));
    explain(io, output, aboutServer);
  };

/** Apart from the table, which programs may read. */
function explain({ stderr }: Io, output: OutputFormat, text: string): void {
  if (!isForPeople(output)) return;
  for (const line of hanging('', text, terminalWidth(stderr))) writeLine(stderr, line);
}

function columnsFor(io: Io): Column<Shown>[] {
  const paint = paintFor(io, io.stdout);
  return [
    { title: 'SETTING', value: ({ name }) => name },
    {
      title: 'VALUE',
      value: ({ value }) => value,
      wrap: 16,
      paint: (text, { source }) => (source === 'default' || source === 'unset' ? paint('dim', text) : text),
    },
    { title: 'SOURCE', value: ({ source }) => source, min: 7, drop: 1 },
    { title: 'FLAG', value: ({ flag }) => flag, wide: true },
    { title: 'MEANING', value: ({ description }) => description, wide: true },
  ];
}
