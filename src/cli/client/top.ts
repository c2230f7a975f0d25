// `genwarden top`: pools and workers at a glance, again and again on a terminal.

import type { Command } from 'commander';
import { createLogUpdate } from 'log-update';
import type { GenwardenClient, Pool, Worker } from '../../client/index.ts';
import { parseDuration } from '../../job/duration.ts';
import { paintFor } from '../output/colours.ts';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { durationText } from './optionForms.ts';
import { clientCommand, withClient } from './session.ts';
import { topLines } from './topLines.ts';
import { isTemporary, whyUnreachable } from './unreachable.ts';

interface TopOptions {
  readonly interval: string;
  readonly once?: true;
  readonly output: OutputFormat;
}

export function addTop(program: Command, io: Io): void {
  clientCommand(program, 'top', 'Show pools and workers: queues, slots, memory, event-loop lag; live on a terminal')
    .option('--interval <duration>', 'how often it looks again', durationText, '2s')
    .option('--once', 'look once, as without a terminal')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, { interval, once, output }: TopOptions) => {
        const live = output === 'table' && once !== true && io.stdout.isTTY === true;
        if (live) return showLive(io, client, Math.max(200, parseDuration(interval)!));
        const seen = await look(client);
        printAs(io, output, seen, (options) => topLines(seen, { ...options, now: io.now() }));
      }),
    );
}

interface Seen {
  readonly pools: readonly Pool[];
  readonly workers: readonly Worker[];
}

async function look(client: GenwardenClient): Promise<Seen> {
  const [pools, workers] = await Promise.all([client.pools(), client.workers()]);
  return { pools, workers };
}

/** Until a signal ends the process, or the API refuses. While it is away the last picture stays, and says so. */
async function showLive(io: Io, client: GenwardenClient, everyMs: number): Promise<void> {
  const screen = createLogUpdate(io.stdout);
  const paint = paintFor(io, io.stdout);
  let seen: Seen | undefined;
  try {
    for (;;) {
      let away: string | undefined;
      try {
        seen = await look(client);
      } catch (error) {
        // Who has seen nothing yet is told at once.
        if (seen === undefined || !isTemporary(error)) throw error;
        away = whyUnreachable(error);
      }
      const [width, rows] = [io.stdout.columns || 80, io.stdout.rows || 24];
      const notice = away === undefined ? [] : [paint('yellow', `API away, trying again: ${away}`.slice(0, width))];
      const lines = topLines(seen, { width, now: io.now() }).slice(0, rows - 1 - notice.length);
      screen([...lines, ...notice].join('\n'));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  } finally {
    screen.done();
  }
}
