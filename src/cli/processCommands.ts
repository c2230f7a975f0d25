// `genwarden api`, `worker`, `controller` and `operator`: each process alone, until a signal ends it.

import type { Command } from 'commander';
import type { Settings } from '../config/settings.ts';
import { settingsOf, withSettings } from './flags.ts';
import { whenAborted } from '../async/abort.ts';
import { stopSignal } from './signals.ts';
import type { ProcessKind, StartedProcess } from '../processes/bootstrap.ts';

type Start = (settings: Settings, signal: AbortSignal) => Promise<StartedProcess>;

/** Loaded when they start: an api needs no provider's SDK in its memory, a client command none of them. */

const processes: readonly [ProcessKind, string, () => Promise<Start>][] = [
  ['api', 'Serve the HTTP API', async () => (await import('../processes/api.ts')).startApiProcess],
  ['worker', 'Run tasks of a pool', async () => (await import('../processes/worker.ts')).startWorkerProcess],
  [
    'controller',
    'Watch over all tasks: move what is overdue, lost or due for retry',
    async () => (await import('../processes/controller.ts')).startControllerProcess,
  ],
  [
    'operator',
    'Keep custom resources of Kubernetes in line with jobs, pools and Deployments',
    async () => (await import('../processes/operator.ts')).startOperatorProcess,
  ],
];

export function addProcessCommands(program: Command): void {
  for (const [name, description, load] of processes) {
    withSettings(program.command(name).description(description), name).action(async (_options, command: Command) => {
      const settings = settingsOf(command, name);
      const start = await load();
      await runUntilSignal((signal) => start(settings, signal));
    });
  }
}

/** Starts something, waits for SIGINT, SIGTERM or its own end, and closes it. */
export async function runUntilSignal(start: (signal: AbortSignal) => Promise<StartedProcess>): Promise<void> {
  const stop = stopSignal();
  try {
    const started = await start(stop.signal);
    const reason = await Promise.race([whenAborted(stop.signal).then(() => undefined), started.finished]);
    await started.close();
    if (reason !== undefined) process.exitCode = 1;
    endBeforeLong();
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop.dispose();
  }
}

/** Everything of ours is closed: what holds the process now is a call that ignores its abort, and would for ever. */
function endBeforeLong(): void {
  setTimeout(() => process.exit(), 1_000).unref();
}
