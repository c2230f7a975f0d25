// `genwarden top`: the last hour, what is wrong, pools, workers and open jobs, refreshed on a terminal.

import type { Command } from 'commander';
import { createLogUpdate } from 'log-update';
import { sleep } from '../../../async/sleep.ts';
import type { GenwardenClient } from '../../../client/index.ts';
import { parseDuration } from '../../../job/duration.ts';
import { paintFor } from '../../output/colours.ts';
import type { Io } from '../../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../../output/print.ts';
import { isTemporary, whyUnreachable } from '../connection.ts';
import { durationText } from '../optionParsers.ts';
import { clientCommand, withClient } from '../session.ts';
import { screenLines } from './screen.ts';
import { snapshotOf, type Snapshot } from './snapshot.ts';

interface TopOptions {
  readonly interval: string;
  readonly once?: true;
  readonly output: OutputFormat;
}

export function addTop(program: Command, io: Io): void {
  clientCommand(
    program,
    'top',
    'Show the last hour, what is wrong, pools, workers and open jobs; updates live on a terminal',
  )
    .option('--interval <duration>', 'time between updates', durationText, '2s')
    .option('--once', 'print once and exit (the default without a terminal)')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, { interval, once, output }: TopOptions) => {
        const live = output === 'table' && once !== true && io.stdout.isTTY === true;
        if (live) return showLive(io, client, Math.max(200, parseDuration(interval)!));
        const snapshot = await snapshotOf(client);
        const paint = paintFor(io, io.stdout);
        printAs(io, output, snapshot, (options) => screenLines(snapshot, { ...options, paint, now: io.now() }));
      }),
    );
}

/** ms after which the API looks for stuck tasks again. */
const stuckKnownFor = 10_000;

/** Runs until a signal ends the process or the API rejects a request. During an outage the last screen stays, with a notice. */
async function showLive(io: Io, client: GenwardenClient, everyMs: number): Promise<void> {
  const screen = createLogUpdate(io.stdout);
  const paint = paintFor(io, io.stdout);
  let snapshot: Snapshot | undefined;
  let stuckAt = -Infinity;
  try {
    for (;;) {
      let outage: string | undefined;
      try {
        const isKnown = performance.now() - stuckAt < stuckKnownFor;
        snapshot = await snapshotOf(client, isKnown ? snapshot?.stuck : undefined);
        if (!isKnown) stuckAt = performance.now();
      } catch (error) {
        // Fail immediately if there is nothing to show yet.
        if (snapshot === undefined || !isTemporary(error)) throw error;
        outage = whyUnreachable(error);
      }
      const [width, rows] = [io.stdout.columns || 80, io.stdout.rows || 24];
      const notice =
        outage === undefined ? [] : [paint('yellow', `API unavailable, retrying: ${outage}`.slice(0, width))];
      const lines = screenLines(snapshot, { width, rows: rows - 1 - notice.length, now: io.now(), paint });
      screen([...lines, ...notice].join('\n'));
      await sleep(everyMs);
    }
  } finally {
    screen.done();
  }
}
