// `genwarden download`: saves a job's artifacts to a folder.

import type { Command } from 'commander';
import type { GenwardenClient, Job } from '../../client/index.ts';
import { formatBytes } from '../output/format.ts';
import { writeLine, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { downloadJob } from './downloadJob.ts';
import { clientCommand, withClient } from './session.ts';

interface Options {
  readonly to: string;
  readonly redirect?: boolean;
  readonly output: OutputFormat;
}

export function addDownload(program: Command, io: Io): void {
  clientCommand(program, 'download', "Save a job's artifacts")
    .argument('<job>', 'id of the job')
    .requiredOption('--to <folder>', 'folder to save to; created if missing')
    .option('--redirect', 'download from the artifact store itself, if it is S3, instead of through the API')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, id: string, { to, redirect, output }: Options) => {
        const saved = await downloadJob(client, await client.get(id), to, { redirect });
        printAs(io, output, saved, () => savedLines(saved));
        if (saved.length === 0) writeLine(io.stderr, `genwarden: job ${id} has no artifacts`);
      }),
    );
}

const savedLines = (saved: Awaited<ReturnType<typeof downloadJob>>): string[] =>
  saved.map(({ path, bytes }) => `${path} (${formatBytes(bytes)})`);

/** Saves a job's artifacts and lists the files on standard error, apart from the command's own output. */
export async function downloadAndReport(io: Io, client: GenwardenClient, job: Job, folder: string): Promise<void> {
  for (const line of savedLines(await downloadJob(client, job, folder))) writeLine(io.stderr, `Saved ${line}`);
}
