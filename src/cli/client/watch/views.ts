// What a watch prints while it lasts: nothing in quiet mode, a line for each change in a pipe, and a screen on a terminal.

import { createLogUpdate } from 'log-update';
import type { GenwardenClient, Job } from '../../../client/index.ts';
import { paintFor } from '../../output/colours.ts';
import { writeLine, type Io } from '../../output/io.ts';
import { changeLines } from './changeLines.ts';
import { RunningTexts } from './runningTexts.ts';
import { screenLines, type Outage } from './screen.ts';

export interface View {
  readonly onJob: (job: Job) => void;
  readonly onOutage: (why: string | undefined) => void;
  /** The last screen stays, unless the jobs have ended: then their last lines replace it. */
  readonly close: (ended: boolean) => void;
}

export function quietView(io: Io): View {
  return { onJob: () => undefined, onOutage: reportOutage(io), close: () => undefined };
}

export function plainView(io: Io): View {
  const seen = new Map<string, Job>();
  const onJob = (job: Job): void => {
    const time = `${new Date(io.now()).toISOString().slice(11, 19)}Z`;
    for (const line of changeLines(seen.get(job.id), job)) writeLine(io.stdout, `${time}  ${line}`);
    seen.set(job.id, job);
  };
  return { onJob, onOutage: reportOutage(io), close: () => undefined };
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

export function liveView(io: Io, ids: readonly string[], client: GenwardenClient): View {
  const texts = new RunningTexts(client);
  const screen = createLogUpdate(io.stdout);
  const paint = paintFor(io, io.stdout);
  const seen = new Map<string, Job>();
  const outages: Outage[] = [];
  let isClosed = false;
  const draw = (): void => {
    // A pseudo-terminal may report no size.
    const columns = io.stdout.columns || 80;
    const rows = io.stdout.rows || 24;
    const jobs = ids.flatMap((id) => seen.get(id) ?? []);
    screen(
      screenLines(jobs, { columns, rows, now: io.now(), paint, outage: outages[0], text: texts.latest }).join('\n'),
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
      else outages.push({ why, since: io.now() });
      draw();
    },
    close: (ended) => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      texts.close();
      if (ended) screen.clear();
      else if (seen.size > 0) draw();
      screen.done();
    },
  };
}
