// Watches jobs until all have ended: bars on a terminal, a line a change elsewhere, or nothing but word of an API that
// is away.

import { createLogUpdate } from 'log-update';
import type { GenwardenClient, Job } from '../../client/index.ts';
import { paintFor } from '../output/colours.ts';
import { processIo, writeLine, type Io } from '../output/io.ts';
import { followJob } from './followJob.ts';
import { liveLines } from './liveLines.ts';
import { changeLines } from './plainLines.ts';

export interface WatchOptions {
  readonly io?: Io;
  /** Prints only when the API is away; for commands whose answer comes after. */
  readonly quiet?: boolean;
  /** How long the API may be away before it is given up, ms; default five minutes. */
  readonly patienceMs?: number;
}

const defaultPatienceMs = 5 * 60_000;

/** Resolves with the jobs as they ended, in the order of `ids`. */
export async function watchJobs(
  client: GenwardenClient,
  ids: readonly string[],
  { io = processIo(), quiet = false, patienceMs = defaultPatienceMs }: WatchOptions = {},
): Promise<Job[]> {
  const live = !quiet && io.stdout.isTTY === true;
  const view = quiet ? quietView(io) : live ? liveView(io, ids) : plainView(io);
  try {
    const followed = ids.map((id) => followJob(client, id, { ...view, progress: live, patienceMs }));
    // Every follower has ended before the view does; the first failure is thrown then.
    await Promise.allSettled(followed);
    return await Promise.all(followed);
  } finally {
    view.close();
  }
}

interface View {
  readonly onJob: (job: Job) => void;
  readonly onAway: (why: string | undefined) => void;
  readonly close: () => void;
}

function quietView(io: Io): View {
  return { onJob: () => undefined, onAway: sayAway(io), close: () => undefined };
}

function plainView(io: Io): View {
  const seen = new Map<string, Job>();
  const onJob = (job: Job): void => {
    const time = new Date(io.now()).toISOString().slice(11, 19);
    for (const line of changeLines(seen.get(job.id), job)) writeLine(io.stdout, `${time}  ${line}`);
    seen.set(job.id, job);
  };
  return { onJob, onAway: sayAway(io), close: () => undefined };
}

/** Says it once, however many jobs are followed. */
function sayAway({ stderr }: Io): (why: string | undefined) => void {
  let away = 0;
  return (why) => {
    const before = away;
    away += why === undefined ? -1 : 1;
    if (before === 0 && away === 1) writeLine(stderr, `genwarden: the API is away, trying again: ${why}`);
    if (before === 1 && away === 0) writeLine(stderr, 'genwarden: the API is back');
  };
}

const redrawMs = 500;

function liveView(io: Io, ids: readonly string[]): View {
  const screen = createLogUpdate(io.stdout);
  const paint = paintFor(io, io.stdout);
  const seen = new Map<string, Job>();
  const away: (string | undefined)[] = [];
  const draw = (): void => {
    // A pseudo-terminal may say that it has no size.
    const columns = io.stdout.columns || 80;
    const rows = io.stdout.rows || 24;
    const jobs = ids.flatMap((id) => seen.get(id) ?? []);
    screen(liveLines(jobs, { columns, rows, now: io.now(), paint, away: away.at(-1) }).join('\n'));
  };
  // Ages go on while nothing else does.
  const timer = setInterval(draw, redrawMs);
  return {
    onJob: (job) => {
      seen.set(job.id, job);
      draw();
    },
    onAway: (why) => {
      if (why === undefined) away.pop();
      else away.push(why);
      draw();
    },
    close: () => {
      clearInterval(timer);
      if (seen.size > 0) draw();
      screen.done();
    },
  };
}
