// `genwarden get`: shows a job with its tasks.

import type { Command } from 'commander';
import type { Io } from '../output/io.ts';
import { namedOutputOption, printAs, type OutputFormat } from '../output/print.ts';
import { jobWithTasks } from './jobTables.ts';
import { jobArgument } from './ids.ts';
import { clientCommand, withJob } from './session.ts';

export function addGet(program: Command, io: Io): void {
  clientCommand(program, 'get', 'Show a job with its tasks')
    .addArgument(jobArgument())
    .addOption(namedOutputOption())
    .action(
      withJob(io, async (client, id: string, { output }: { output: OutputFormat }) => {
        const job = await client.get(id);
        printAs(io, output, job, (options) => jobWithTasks(io, job, options));
      }),
    );
}
