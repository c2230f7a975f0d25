// `genwarden retry`: a new run of the tasks that failed or were cancelled.

import type { Command } from 'commander';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { jobWithTasks } from './jobLines.ts';
import { clientCommand, withClient } from './session.ts';

export function addRetry(program: Command, io: Io): void {
  clientCommand(program, 'retry', 'Run failed and cancelled tasks of a job again; succeeded ones are kept')
    .argument('<job>', 'id of the job')
    .option('--task <task...>', 'only these, by name or index')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, id: string, { task, output }: { task?: string[]; output: OutputFormat }) => {
        const job = await client.retry(id, task === undefined ? {} : { tasks: task });
        printAs(io, output, job, (options) => jobWithTasks(io, job, options));
      }),
    );
}
