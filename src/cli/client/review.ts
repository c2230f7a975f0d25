// `genwarden review`: decides on a result that waits for a person.

import { Argument, type Command } from 'commander';
import type { GenwardenClient } from '../../client/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { jobWithTasks } from './jobLines.ts';
import { wholeNumber } from './optionForms.ts';
import { clientCommand, withClient } from './session.ts';

const decisions = ['approve', 'reject', 'tweak'] as const;
type Decision = (typeof decisions)[number];

interface ReviewOptions {
  readonly task: string;
  readonly run?: number;
  readonly instruction?: string;
  readonly note?: string;
  readonly output: OutputFormat;
}

export function addReview(program: Command, io: Io): void {
  clientCommand(program, 'review', 'Approve, reject or tweak a result that waits for review')
    .argument('<job>', 'id of the job')
    .addArgument(new Argument('<decision>', 'what to do with the result').choices(decisions))
    .option('--task <task>', 'name or index of the task', '0')
    .option('--run <number>', 'the run that was looked at; its present one where absent', wholeNumber(1))
    .option('--instruction <text>', 'what to change; for tweak')
    .option('--note <text>', 'kept with the decision')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, id: string, decision: Decision, options: ReviewOptions) => {
        const { task, instruction, note } = options;
        if ((decision === 'tweak') !== (instruction !== undefined)) {
          throw new GenwardenError('UsageError', 'A tweak needs --instruction, and nothing else takes it');
        }
        const run = options.run ?? (await presentRun(client, id, task));
        const job = await client.review(id, task, {
          run,
          decision,
          ...(instruction === undefined ? {} : { instruction }),
          ...(note === undefined ? {} : { note }),
        });
        printAs(io, options.output, job, (table) => jobWithTasks(io, job, table));
      }),
    );
}

async function presentRun(client: GenwardenClient, id: string, wanted: string): Promise<number> {
  const { tasks = [] } = await client.get(id);
  const task = tasks.find(({ index }) => String(index) === wanted) ?? tasks.find(({ name }) => name === wanted);
  if (task === undefined) throw new GenwardenError('TaskNotFound', `Job ${id} has no task ${wanted}`);
  return task.run;
}
