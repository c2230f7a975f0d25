// Watches jobs until all have ended or only wait for a reviewer. Draws progress bars on a terminal, prints a line for each change elsewhere, or in quiet
// mode reports only API outages.

import { createLogUpdate } from 'log-update';
import type { GenwardenClient, Job, Task } from '../../../client/index.ts';
import { paintFor } from '../../output/colours.ts';
import { processIo, writeLine, type Io } from '../../output/io.ts';
import { printable } from '../../output/text.ts';
import { doneOf } from '../jobTables.ts';
import { reviewLines } from '../reviewLines.ts';
import { taskName } from '../waitText.ts';
import { endingLines } from './ending.ts';
import { followJob, stageOf, waitOf } from './followJob.ts';
import { RunningTexts } from './runningTexts.ts';
import { screenLines } from './screen.ts';

export interface WatchOptions {
  readonly io?: Io;
  /** Prints only when the API is unavailable; for commands that print the result afterwards. */
  readonly quiet?: boolean;
  /** How long to retry while the API is unavailable, ms; default five minutes. */
  readonly giveUpAfterMs?: number;
}

const defaultGiveUpAfterMs = 5 * 60_000;

/** Resolves with the jobs as they ended, in the order of `ids`; before, it prints how they got there and how to review those that wait for it. */
export async function watchJobs(
  client: GenwardenClient,
  ids: readonly string[],
  { io = processIo(), quiet = false, giveUpAfterMs = defaultGiveUpAfterMs }: WatchOptions = {},
): Promise<Job[]> {
  const live = !quiet && io.stdout.isTTY === true;
  const view = quiet ? quietView(io) : live ? liveView(io, ids, client) : plainView(io);
  try {
    const followed = ids.map((id) => followJob(client, id, { ...view, progress: live, giveUpAfterMs }));
    // The view must outlive every follower, so the first failure is thrown only after all have ended.
    await Promise.allSettled(followed);
    const jobs = await Promise.all(followed);
    view.close();
    if (!quiet) for (const job of jobs) await printEnding(client, job, io);
    for (const line of jobs.flatMap((job) => reviewLines(job))) writeLine(quiet ? io.stderr : io.stdout, line);
    return jobs;
  } finally {
    view.close();
  }
}

async function printEnding(client: GenwardenClient, job: Job, io: Io): Promise<void> {
  for (const line of await endingLines(client, job, io)) writeLine(io.stdout, line);
}

interface View {
  readonly onJob: (job: Job) => void;
  readonly onOutage: (why: string | undefined) => void;
  readonly close: () => void;
}

function quietView(io: Io): View {
  return { onJob: () => undefined, onOutage: reportOutage(io), close: () => undefined };
}

function plainView(io: Io): View {
  const seen = new Map<string, Job>();
  const onJob = (job: Job): void => {
    const time = new Date(io.now()).toISOString().slice(11, 19);
    for (const line of changeLines(seen.get(job.id), job)) writeLine(io.stdout, `${time}  ${line}`);
    seen.set(job.id, job);
  };
  return { onJob, onOutage: reportOutage(io), close: () => undefined };
}

/** The changes between two snapshots of a job, one a line; every task for the first snapshot. */
function changeLines(before: Job | undefined, after: Job): string[] {
  const known = new Map((before?.tasks ?? []).map((task) => [task.index, stageOf(task)]));
  const changed = (after.tasks ?? []).filter((task) => known.get(task.index) !== stageOf(task));
  const lines = changed.map((task) => `${after.id}  ${describe(task)}`);
  return (after.finishedAt === null ? lines : [...lines, `${after.id}  ${after.state}: ${outcome(after)}`]).map(
    printable,
  );
}

function describe(task: Task): string {
  const run = task.run > 1 ? `run ${task.run}, ` : '';
  const line = `${taskName(task)}  ${task.state} (${run}attempt ${task.attempt})  ${task.reason}: ${task.message}`;
  if (waitOf(task) === '') return line;
  const { reason, detail } = task.waitingFor!;
  return `${line.replace(/\.$/, '')}; waits for ${reason}: ${detail}`;
}

function outcome(job: Job): string {
  const { succeeded, failed, cancelled } = job.progress;
  const parts = [`${succeeded} succeeded`, `${failed} failed`, `${cancelled} cancelled`];
  return `${doneOf(job)} tasks done, ${parts.filter((part) => !part.startsWith('0 ')).join(', ')}`;
}

/** Reports once, however many jobs are followed. */
function reportOutage({ stderr }: Io): (why: string | undefined) => void {
  let failing = 0;
  return (why) => {
    const before = failing;
    failing += why === undefined ? -1 : 1;
    if (before === 0 && failing === 1) writeLine(stderr, `genwarden: the API is unavailable, retrying: ${why}`);
    if (before === 1 && failing === 0) writeLine(stderr, 'genwarden: the API is available again');
  };
}

const redrawMs = 500;

function liveView(io: Io, ids: readonly string[], client: GenwardenClient): View {
  const texts = new RunningTexts(client);
  const screen = createLogUpdate(io.stdout);
  const paint = paintFor(io, io.stdout);
  const seen = new Map<string, Job>();
  const outages: (string | undefined)[] = [];
  let isClosed = false;
  const draw = (): void => {
    // A pseudo-terminal may report no size.
    const columns = io.stdout.columns || 80;
    const rows = io.stdout.rows || 24;
    const jobs = ids.flatMap((id) => seen.get(id) ?? []);
    screen(
      screenLines(jobs, { columns, rows, now: io.now(), paint, outage: outages.at(-1), text: texts.latest }).join('\n'),
    );
  };
  // Ages change even when no job does.
  const timer = setInterval(draw, redrawMs);
  return {
    onJob: (job) => {
      texts.follow(job);
      seen.set(job.id, job);
      draw();
    },
    onOutage: (why) => {
      if (why === undefined) outages.pop();
      else outages.push(why);
      draw();
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      texts.close();
      if (seen.size > 0) draw();
      screen.done();
    },
  };
}
