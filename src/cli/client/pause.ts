// `genwarden pause` and `genwarden resume`: stop a pool from starting tasks, and let it start tasks again.

import type { Command } from 'commander';
import { inWords } from '../output/format.ts';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { durationText } from './optionParsers.ts';
import { clientCommand, withClient } from './session.ts';

export function addPause(program: Command, io: Io): void {
  clientCommand(
    program,
    'pause',
    'Stop a pool from starting tasks; running tasks continue, and queue timeouts keep counting',
  )
    .argument('<pool>', 'name of the pool')
    .option('--for <duration>', 'resume automatically after this time', durationText)
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(
      withClient(io, async (client, name: string, options: { for?: string; output: OutputFormat }) => {
        const pool = await client.pausePool(name, { for: options.for });
        const end = pool.pausedUntil === null ? 'until it is resumed' : `until ${pool.pausedUntil}`;
        const first = pool.firstQueueTimeoutAt;
        const timeout =
          first === null
            ? 'It has no queued tasks.'
            : `Queued tasks: ${pool.queued}. The first fails with QueueTimeout ${inWords(first, io.now())} (${first}).`;
        printAs(io, options.output, pool, () => [`Pool ${pool.name} is paused ${end}.`, timeout]);
      }),
    );
}

export function addResume(program: Command, io: Io): void {
  clientCommand(program, 'resume', 'Let a paused pool start tasks again')
    .argument('<pool>', 'name of the pool')
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(
      withClient(io, async (client, name: string, { output }: { output: OutputFormat }) => {
        const pool = await client.resumePool(name);
        printAs(io, output, pool, () => [`Pool ${pool.name} is no longer paused; queued tasks: ${pool.queued}.`]);
      }),
    );
}
