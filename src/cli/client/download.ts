// `genwarden download`: saves the artifacts of a job to a folder.

import type { Command } from 'commander';
import type { GenwardenClient, Job } from '../../client/index.ts';
import { formatBytes } from '../output/age.ts';
import { writeLine, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { downloadJob } from './downloadJob.ts';
import { clientCommand, withClient } from './session.ts';

export function addDownload(program: Command, io: Io): void {
  clientCommand(program, 'download', 'Save the artifacts of a job')
    .argument('<job>', 'id of the job')
    .requiredOption('--to <folder>', 'where to; it is made where it is missing')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, id: string, { to, output }: { to: string; output: OutputFormat }) => {
        const saved = await downloadJob(client, await client.get(id), to);
        printAs(io, output, saved, () => savedLines(saved));
        if (saved.length === 0) writeLine(io.stderr, `genwarden: job ${id} has no artifacts`);
      }),
    );
}

const savedLines = (saved: Awaited<ReturnType<typeof downloadJob>>): string[] =>
  saved.map(({ path, bytes }) => `${path} (${formatBytes(bytes)})`);

/** Saves what a job made and says so, beside the answer of the command. */
export async function downloadAndTell(io: Io, client: GenwardenClient, job: Job, folder: string): Promise<void> {
  for (const line of savedLines(await downloadJob(client, job, folder))) writeLine(io.stderr, `Saved ${line}`);
}
