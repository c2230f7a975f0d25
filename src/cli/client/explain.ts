// `genwarden explain`: why a job is where it is, what happens by itself, and what to do.

import type { Command } from 'commander';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { explainLines } from './explainLines.ts';
import { clientCommand, withClient } from './session.ts';

export function addExplain(program: Command, io: Io): void {
  clientCommand(program, 'explain', 'Say why a job is where it is, what happens next, and what to do')
    .argument('<job>', 'id of the job')
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(
      withClient(io, async (client, id: string, { output }: { output: OutputFormat }) => {
        const explained = await client.explain(id);
        printAs(io, output, explained, () => explainLines(io, explained));
      }),
    );
}
