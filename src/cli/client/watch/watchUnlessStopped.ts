// A watch that Ctrl-C or a long outage of the API ends, while the jobs continue: says so, and how to come back.

import type { GenwardenClient, Job } from '../../../client/index.ts';
import { terminalWidth, writeLine, type Io } from '../../output/io.ts';
import { shellCommand } from '../../output/text.ts';
import { stopSignal } from '../../signals.ts';
import { commandText } from '../commandText.ts';
import { isUnreachable } from '../connection.ts';
import { watchJobs, type WatchOptions } from './watchJobs.ts';

/** Resolves with undefined after Ctrl-C or SIGTERM; the exit code is set then. */
export async function watchUnlessStopped(
  client: GenwardenClient,
  ids: readonly string[],
  io: Io,
  options: Omit<WatchOptions, 'io' | 'signal' | 'onJob'>,
): Promise<Job[] | undefined> {
  const stop = stopSignal(['SIGINT', 'SIGTERM']);
  const latest = new Map<string, Job>();
  try {
    const onJob = (job: Job): void => void latest.set(job.id, job);
    return await watchJobs(client, ids, { ...options, io, signal: stop.signal, onJob });
  } catch (error) {
    if (stop.signal.aborted || isUnreachable(error)) {
      // The terminal has shown ^C where the cursor was.
      if (stop.signal.aborted && io.stdout.isTTY === true) writeLine(io.stderr, '');
      for (const line of comeBackLines(io, ids, latest)) writeLine(io.stderr, line);
    }
    if (!stop.signal.aborted) throw error;
    io.exitWith(stop.exitCode());
    return undefined;
  } finally {
    stop.dispose();
  }
}

/** Empty if nothing is known of the jobs, or all have ended. */
function comeBackLines(io: Io, ids: readonly string[], latest: ReadonlyMap<string, Job>): string[] {
  const open = ids.filter((id) => (latest.get(id)?.finishedAt ?? null) === null);
  const [known] = latest.values();
  if (known === undefined || open.length === 0) return [];
  const [continues, them] = open.length === 1 ? ['The job continues', 'it'] : ['The jobs continue', 'them'];
  const again = shellCommand(commandText(io, known, `watch ${open.join(' ')}`), terminalWidth(io.stderr));
  return [`${continues}. To watch ${them} again:`, ...again];
}
