// `genwarden download`: saves a job's artifacts to a folder.

import type { Command } from 'commander';
import type { GenwardenClient, Job, Task } from '../../client/index.ts';
import { exitCodes } from '../exitCodes.ts';
import { formatBytes } from '../output/format.ts';
import { writeLine, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { printable } from '../output/text.ts';
import { downloadJob } from './downloadJob.ts';
import { jobArgument } from './ids.ts';
import { clientCommand, withJob } from './session.ts';
import { taskName } from './waitText.ts';

interface Options {
  readonly to: string;
  readonly redirect?: boolean;
  readonly output: OutputFormat;
}

export function addDownload(program: Command, io: Io): void {
  clientCommand(program, 'download', "Save a job's artifacts")
    .addArgument(jobArgument())
    .requiredOption('--to <folder>', 'folder to save to; created if missing')
    .option('--redirect', 'download from the artifact store itself, if it is S3, instead of through the API')
    .addOption(outputOption())
    .action(
      withJob(io, async (client, id: string, { to, redirect, output }: Options) => {
        const job = await client.get(id);
        const saved = await downloadJob(client, job, to, { redirect });
        printAs(io, output, saved, () => savedLines(saved));
        for (const line of missingLines(job)) writeLine(io.stderr, line);
        if (saved.length === 0) io.exitWith(exitCodes.jobFailed);
      }),
    );
}

const savedLines = (saved: Awaited<ReturnType<typeof downloadJob>>): string[] =>
  saved.map(({ path, bytes }) => `${path} (${formatBytes(bytes)})`);

const mostExplained = 5;

/** Why tasks have nothing to save; empty if each has something. */
function missingLines({ id, state, progress, finishedAt, tasks = [] }: Job): string[] {
  const missing = tasks.filter(({ artifacts, output }) => artifacts.length === 0 && output === null);
  if (missing.length === 0) return [];
  const what =
    missing.length === progress.total
      ? `job ${id} has no artifacts`
      : `${missing.length} of ${progress.total} tasks have no artifacts`;
  const next = finishedAt === null ? `; wait for it with \`genwarden watch ${id}\`` : '';
  const more = missing.length - mostExplained;
  return [
    `genwarden: ${what}: the job is ${state}${next}`,
    ...missing.slice(0, mostExplained).flatMap(whyMissing),
    ...(more > 0 ? [`  ${more} more: see \`genwarden get ${id}\``] : []),
  ];
}

function whyMissing(task: Task): string[] {
  const { error, state, message, waitingFor } = task;
  const name = taskName(task);
  if (state !== 'failed' || error === null)
    return [printable(`  ${name} is ${state}: ${waitingFor?.detail ?? message}`)];
  return [printable(`  ${name}: ${error.code}: ${error.message}`), printable(`    ${error.hint}`)];
}

/** Saves a job's artifacts and lists the files on standard error, apart from the command's own output. */
export async function downloadAndReport(io: Io, client: GenwardenClient, job: Job, folder: string): Promise<void> {
  for (const line of savedLines(await downloadJob(client, job, folder))) writeLine(io.stderr, `Saved ${line}`);
}
