// `genwarden cancel`: ends a job; what is done stays.

import type { Command } from 'commander';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { jobWithTasks } from './jobLines.ts';
import { clientCommand, withClient } from './session.ts';

export function addCancel(program: Command, io: Io): void {
  clientCommand(program, 'cancel', 'Cancel the open tasks of a job at once')
    .argument('<job>', 'id of the job')
    .option('--finish-running', 'let the tasks that run now end by themselves')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, id: string, options: { finishRunning?: true; output: OutputFormat }) => {
        const job = await client.cancel(id, { running: options.finishRunning === true ? 'finish' : 'stop' });
        printAs(io, options.output, job, (table) => jobWithTasks(io, job, table));
      }),
    );
}
