// `genwarden download`: saves a job's artifacts to a folder, at once or as its tasks end.

import type { Command } from 'commander';
import type { GenwardenClient, Job } from '../../client/index.ts';
import { exitCodes } from '../exitCodes.ts';
import { formatBytes } from '../output/format.ts';
import { writeLine, type Io } from '../output/io.ts';
import { isForPeople, outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { stopSignal } from '../signals.ts';
import { downloadJob, downloadTask, type DownloadJobOptions, type SavedFile } from './downloadJob.ts';
import { endedWithout, missingLines, saveCommand } from './downloadMissing.ts';
import { jobArgument } from './ids.ts';
import { clientCommand, withJob } from './session.ts';

interface Options {
  readonly to: string;
  readonly watch?: boolean;
  readonly redirect?: boolean;
  readonly output: OutputFormat;
}

export function addDownload(program: Command, io: Io): void {
  clientCommand(program, 'download', "Save a job's artifacts")
    .addArgument(jobArgument())
    .requiredOption('--to <folder>', 'folder to save to; created if missing')
    .option('--watch', 'save the results of each task when it ends, until the job ends or needs a review')
    .option('--redirect', 'download from the artifact store itself, if it is S3, instead of through the API')
    .addOption(outputOption())
    .action(
      withJob(io, async (client, id: string, options: Options) => {
        const job = await client.get(id);
        await untilStopped(io, job, options.to, (signal) => download(io, client, job, options, signal));
      }),
    );
}

async function download(
  io: Io,
  client: GenwardenClient,
  first: Job,
  { to, watch = false, redirect, output }: Options,
  signal: AbortSignal,
): Promise<void> {
  const onSaved = (file: SavedFile): void => {
    if (isForPeople(output)) writeLine(io.stdout, lineOf(file));
  };
  const options = { redirect, signal, onSaved };
  const { job, saved } = watch
    ? await saveAsTheyEnd(client, first, to, options)
    : { job: first, saved: await downloadJob(client, first, to, options) };
  printAs(io, output, saved, () => []);
  for (const line of missingLines(io, job, to)) writeLine(io.stderr, line);
  if (saved.length === 0 || endedWithout(job).length > 0) io.exitWith(exitCodes.jobFailed);
  else if (watch && job.awaitsReview) io.exitWith(exitCodes.needsReview);
}

/** ms. An API that restarts or moves is back by then. */
const patience = 300_000;

/** Each result once. The job's last state has what a task that waits for a review has made. */
async function saveAsTheyEnd(
  client: GenwardenClient,
  first: Job,
  folder: string,
  options: DownloadJobOptions,
): Promise<{ job: Job; saved: SavedFile[] }> {
  const saved: SavedFile[] = [];
  const done = new Set<string>();
  const results = client.watch(first.id, { signal: options.signal, giveUpAfterMs: patience });
  try {
    for (;;) {
      const next = await results.next();
      const tasks = next.done === true ? (next.value.tasks ?? []) : [next.value.task];
      for (const task of tasks.filter(({ index, run }) => !done.has(`${index}/${run}`))) {
        saved.push(...(await downloadTask(client, first, task, folder, options)));
        done.add(`${task.index}/${task.run}`);
      }
      if (next.done === true) return { job: next.value, saved };
    }
  } finally {
    await results.return?.(undefined as never);
  }
}

/** Ctrl-C leaves no part of a file, and says how to go on. */
async function untilStopped(
  io: Io,
  job: Job,
  folder: string,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const stop = stopSignal();
  try {
    await run(stop.signal);
    return true;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    const command = saveCommand(io, job, folder);
    writeLine(io.stderr, `genwarden: stopped before everything was saved. Save the rest with \`${command}\``);
    io.exitWith(exitCodes.interrupted);
    return false;
  } finally {
    stop.dispose();
  }
}

const lineOf = ({ path, bytes }: SavedFile): string => `${path} (${formatBytes(bytes)})`;

/**
 * Saves a job's artifacts and lists the files on standard error, apart from the command's own output. False if Ctrl-C ended it, which
 * sets the exit code.
 */
export async function downloadAndReport(io: Io, client: GenwardenClient, job: Job, folder: string): Promise<boolean> {
  const ended = await untilStopped(io, job, folder, async (signal) => {
    const onSaved = (file: SavedFile): void => writeLine(io.stderr, `Saved ${lineOf(file)}`);
    await downloadJob(client, job, folder, { signal, onSaved });
  });
  if (ended) for (const line of missingLines(io, job, folder)) writeLine(io.stderr, line);
  return ended;
}
