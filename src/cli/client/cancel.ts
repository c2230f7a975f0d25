// `genwarden cancel`: cancels a job's open tasks; finished tasks keep their results.

import type { Command } from 'commander';
import type { Io } from '../output/io.ts';
import { namedOutputOption, printAs, type OutputFormat } from '../output/print.ts';
import { jobWithTasks } from './jobTables.ts';
import { jobArgument } from './ids.ts';
import { clientCommand, withJob } from './session.ts';

export function addCancel(program: Command, io: Io): void {
  clientCommand(program, 'cancel', "Cancel a job's open tasks immediately")
    .addArgument(jobArgument())
    .option('--finish-running', 'let running tasks finish')
    .addOption(namedOutputOption())
    .action(
      withJob(io, async (client, id: string, options: { finishRunning?: true; output: OutputFormat }) => {
        const job = await client.cancel(id, { running: options.finishRunning === true ? 'finish' : 'stop' });
        printAs(io, options.output, job, (table) => jobWithTasks(io, job, table));
      }),
    );
}
