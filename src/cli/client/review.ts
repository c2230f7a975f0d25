// `genwarden review`: approves, rejects or tweaks a result that needs review.

import { Argument, type Command } from 'commander';
import type { GenwardenClient } from '../../client/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Io } from '../output/io.ts';
import { namedOutputOption, printAs, type OutputFormat } from '../output/print.ts';
import { jobWithTasks } from './jobTables.ts';
import { wholeNumber } from './optionParsers.ts';
import { jobArgument } from './ids.ts';
import { clientCommand, withJob } from './session.ts';

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
  clientCommand(program, 'review', 'Approve, reject or tweak a result that needs review')
    .addArgument(jobArgument())
    .addArgument(new Argument('<decision>', 'what to do with the result').choices(decisions))
    .option('--task <task>', 'name or index of the task', '0')
    .option('--run <number>', 'the run that was reviewed (default: the current run)', wholeNumber(1))
    .option('--instruction <text>', 'what to change, for tweak (default: what was flagged)')
    .option('--note <text>', 'note stored with the decision')
    .addOption(namedOutputOption())
    .action(
      withJob(io, async (client, id: string, decision: Decision, options: ReviewOptions) => {
        const { task, instruction, note } = options;
        if (decision !== 'tweak' && instruction !== undefined) {
          throw new GenwardenError('UsageError', '--instruction is only for tweak');
        }
        const run = options.run ?? (await currentRun(client, id, task));
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

async function currentRun(client: GenwardenClient, id: string, wanted: string): Promise<number> {
  const { tasks = [] } = await client.get(id);
  const task = tasks.find(({ index }) => String(index) === wanted) ?? tasks.find(({ name }) => name === wanted);
  if (task === undefined) throw new GenwardenError('TaskNotFound', `Job ${id} has no task ${wanted}`);
  return task.run;
}
