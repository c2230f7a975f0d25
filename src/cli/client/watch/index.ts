// `genwarden watch`: follows jobs until all have ended or only wait for a reviewer.

import type { Command } from 'commander';
import type { Job } from '../../../client/index.ts';
import { parseDuration } from '../../../job/duration.ts';
import { exitCodes } from '../../exitCodes.ts';
import type { Io } from '../../output/io.ts';
import { namedOutputOption, printAs, type OutputFormat } from '../../output/print.ts';
import { jobIdOf } from '../ids.ts';
import { durationText } from '../optionParsers.ts';
import { clientCommand, withClient, resourcesOf } from '../session.ts';
import { watchUnlessStopped } from './watchUnlessStopped.ts';

interface WatchCommandOptions {
  readonly patience: string;
  readonly output: OutputFormat;
}

export function addWatch(program: Command, io: Io): void {
  clientCommand(
    program,
    'watch',
    'Follow jobs until all have ended or need a review; exit code 0 if all succeeded, 5 if one needs a review',
  )
    .argument('<jobs...>', 'ids of the jobs, or unique beginnings of them')
    .option('--patience <duration>', 'how long to retry while the API is unavailable', durationText, '5m')
    .addOption(namedOutputOption('table', 'json', 'yaml'))
    .action(
      withClient(io, async (client, ids: string[], options: WatchCommandOptions) => {
        const { patience, output } = options;
        const whole = await Promise.all(ids.map((id) => jobIdOf(client, id, resourcesOf(io, options))));
        const unique = [...new Set(whole)];
        const quiet = output !== 'table';
        const giveUpAfterMs = parseDuration(patience)!;
        const jobs = await watchUnlessStopped(client, unique, io, { quiet, giveUpAfterMs });
        if (jobs === undefined) return;
        const data = jobs.length === 1 ? jobs[0] : { items: jobs, next: null };
        if (quiet) printAs(io, output, data, () => []);
        io.exitWith(exitCodeFor(jobs));
      }),
    );
}

/** 0 if every job succeeded. A job that failed matters more than one that waits for a reviewer. */
export function exitCodeFor(jobs: readonly Job[]): number {
  const others = jobs.filter(({ state }) => state !== 'succeeded');
  if (others.length === 0) return exitCodes.done;
  return others.every(({ awaitsReview }) => awaitsReview) ? exitCodes.needsReview : exitCodes.jobFailed;
}
