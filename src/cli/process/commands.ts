// `genwarden api`, `worker` and `controller`: each process alone, until a signal ends it.

import type { Command } from 'commander';
import type { Settings } from '../../config/settings.ts';
import { settingsOf, withSettings } from '../flags.ts';
import { aborted, stopSignal } from '../signals.ts';
import { startApiProcess } from './api.ts';
import { startControllerProcess } from './controller.ts';
import type { ProcessName } from './hull.ts';
import type { StartedProcess } from './started.ts';
import { startWorkerProcess } from './worker.ts';

type Start = (settings: Settings, signal: AbortSignal) => Promise<StartedProcess>;

const processes: readonly [ProcessName, string, Start][] = [
  ['api', 'Serve the HTTP API', startApiProcess],
  ['worker', 'Run tasks of a pool', startWorkerProcess],
  ['controller', 'Watch over all tasks: move what is overdue, lost or due for retry', startControllerProcess],
];

export function addProcessCommands(program: Command): void {
  for (const [name, description, start] of processes) {
    withSettings(program.command(name).description(description), name).action(async (_options, command: Command) => {
      await runUntilSignal((signal) => start(settingsOf(command, name), signal));
    });
  }
}

/** Starts something, waits for SIGINT, SIGTERM or its own end, and closes it. */
export async function runUntilSignal(start: (signal: AbortSignal) => Promise<StartedProcess>): Promise<void> {
  const stop = stopSignal();
  try {
    const started = await start(stop.signal);
    const reason = await Promise.race([aborted(stop.signal).then(() => undefined), started.finished]);
    await started.close();
    if (reason !== undefined) process.exitCode = 1;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop.dispose();
  }
}
