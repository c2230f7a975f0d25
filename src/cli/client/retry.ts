// `genwarden retry`: starts a new run of failed and cancelled tasks.

import type { Command } from 'commander';
import type { Io } from '../output/io.ts';
import { namedOutputOption, printAs, type OutputFormat } from '../output/print.ts';
import { jobWithTasks } from './jobTables.ts';
import { jobArgument } from './ids.ts';
import { clientCommand, withJob } from './session.ts';

export function addRetry(program: Command, io: Io): void {
  clientCommand(program, 'retry', "Retry a job's failed and cancelled tasks; succeeded tasks are kept")
    .addArgument(jobArgument())
    .option('--task <task...>', 'retry only these tasks, by name or index')
    .addOption(namedOutputOption())
    .action(
      withJob(io, async (client, id: string, { task, output }: { task?: string[]; output: OutputFormat }) => {
        const job = await client.retry(id, task === undefined ? {} : { tasks: task });
        printAs(io, output, job, (options) => jobWithTasks(io, job, options));
      }),
    );
}
