// `genwarden pause` and `genwarden resume`: hold back the tasks of a pool, and let them go.

import type { Command } from 'commander';
import { untilTime } from '../output/age.ts';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { durationText } from './optionForms.ts';
import { clientCommand, withClient } from './session.ts';

export function addPause(program: Command, io: Io): void {
  clientCommand(program, 'pause', 'Hand out no more tasks of a pool; running ones go on, and so do queue timeouts')
    .argument('<pool>', 'name of the pool')
    .option('--for <duration>', 'resume by itself after so long', durationText)
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(
      withClient(io, async (client, name: string, options: { for?: string; output: OutputFormat }) => {
        const pool = await client.pausePool(name, { for: options.for });
        const end = pool.pausedUntil === null ? 'until it is resumed' : `until ${pool.pausedUntil}`;
        const first = pool.firstQueueTimeoutAt;
        const timeout =
          first === null
            ? 'No task of it is queued.'
            : `The first of its queued tasks (${pool.queued}) fails with QueueTimeout ${untilTime(first, io.now())} (${first}).`;
        printAs(io, options.output, pool, () => [`Pool ${pool.name} is paused ${end}.`, timeout]);
      }),
    );
}

export function addResume(program: Command, io: Io): void {
  clientCommand(program, 'resume', 'Hand out the tasks of a paused pool again')
    .argument('<pool>', 'name of the pool')
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(
      withClient(io, async (client, name: string, { output }: { output: OutputFormat }) => {
        const pool = await client.resumePool(name);
        printAs(io, output, pool, () => [`Pool ${pool.name} is no longer paused; queued tasks: ${pool.queued}.`]);
      }),
    );
}
