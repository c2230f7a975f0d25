// Watches jobs until all have ended or only wait for a reviewer, then prints how they ended and what comes next.

import type { GenwardenClient, Job } from '../../../client/index.ts';
import { processIo, writeLine, type Io } from '../../output/io.ts';
import { reviewLines } from '../reviewLines.ts';
import { endingLines, type EndingOptions } from './ending.ts';
import { followJob } from './followJob.ts';
import { liveView, plainView, quietView } from './views.ts';

export interface WatchOptions extends EndingOptions {
  readonly io?: Io;
  /** Prints only when the API is unavailable; for commands that print the result afterwards. */
  readonly quiet?: boolean;
  /** How long to retry while the API is unavailable, ms; default five minutes. */
  readonly giveUpAfterMs?: number;
  /** Ends the watch: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Called with each job at first, and after each change. */
  readonly onJob?: (job: Job) => void;
}

const defaultGiveUpAfterMs = 5 * 60_000;

/** Resolves with the jobs as they ended, in the order of `ids`; before, it prints how they got there and what comes next. */
export async function watchJobs(
  client: GenwardenClient,
  ids: readonly string[],
  options: WatchOptions = {},
): Promise<Job[]> {
  const { io = processIo(), quiet = false, giveUpAfterMs = defaultGiveUpAfterMs } = options;
  const { signal = new AbortController().signal, onJob } = options;
  const live = !quiet && io.stdout.isTTY === true;
  const view = quiet ? quietView(io) : live ? liveView(io, ids, client) : plainView(io);
  const seen = (job: Job): void => {
    onJob?.(job);
    view.onJob(job);
  };
  try {
    const { onOutage } = view;
    const followed = ids.map((id) =>
      followJob(client, id, { onJob: seen, onOutage, progress: live, giveUpAfterMs, signal }),
    );
    // The view must outlive every follower, so the first failure is thrown only after all have ended.
    await Promise.allSettled(followed);
    const jobs = await Promise.all(followed);
    await printEnding(client, jobs, { ...options, io }, () => view.close(true));
    return jobs;
  } finally {
    view.close(false);
  }
}

/** The lines that stay replace the screen at once: reading the histories takes a moment. */
async function printEnding(
  client: GenwardenClient,
  jobs: readonly Job[],
  { io, quiet, ...options }: WatchOptions & { io: Io },
  clear: () => void,
): Promise<void> {
  if (quiet === true) {
    for (const line of jobs.flatMap((job) => reviewLines(io, job))) writeLine(io.stderr, line);
    return;
  }
  const endings = await Promise.all(jobs.map((job) => endingLines(client, job, io, options)));
  clear();
  const gap = io.stdout.isTTY === true;
  for (const [at, lines] of endings.entries()) {
    for (const line of gap && at > 0 ? ['', ...lines] : lines) writeLine(io.stdout, line);
  }
}
