// `genwarden api`, `worker`, `controller` and `operator`: runs one process until a signal ends it.

import type { Command } from 'commander';
import { describeSettings } from '../config/describe.ts';
import type { ResolvedSetting } from '../config/setting.ts';
import type { Settings } from '../config/settings.ts';
import { settingsOf, withSettings } from './settingsFlags.ts';
import { whenAborted } from '../async/abort.ts';
import { stopSignal } from './signals.ts';
import type { ProcessKind, StartedProcess } from '../processes/bootstrap.ts';

type Start = (settings: Settings, signal: AbortSignal, resolved: readonly ResolvedSetting[]) => Promise<StartedProcess>;

// Imported lazily: the API does not load a provider's SDK, and client commands load none of the processes.
const processes: readonly [ProcessKind, string, () => Promise<Start>][] = [
  ['api', 'Serve the HTTP API', loadApi],
  ['worker', "Run a pool's tasks", loadWorker],
  ['controller', 'Requeue or fail tasks that are lost, overdue or due for a retry', loadController],
  [
    'operator',
    'Reconcile the Kubernetes custom resources with jobs, pools and Deployments',
    async () => (await import('../processes/operator.ts')).startOperatorProcess,
  ],
];

export function addProcessCommands(program: Command): void {
  for (const [name, description, load] of processes) {
    withSettings(program.command(name).description(description), name).action(async (_options, command: Command) => {
      const { settings, resolved } = settingsOf(command, name);
      const start = await load();
      await runUntilSignal((signal) => start(settings, signal, resolved));
    });
  }
}

async function loadApi(): Promise<Start> {
  const { startApiProcess } = await import('../processes/api.ts');
  return (settings, signal, resolved) =>
    startApiProcess(settings, signal, { described: describeSettings(resolved, 'api') });
}

async function loadWorker(): Promise<Start> {
  const { startWorkerProcess } = await import('../processes/worker.ts');
  return (settings, signal) => startWorkerProcess(settings, signal);
}

async function loadController(): Promise<Start> {
  const { startControllerProcess } = await import('../processes/controller.ts');
  return (settings, signal) => startControllerProcess(settings, signal);
}

/** Starts a process, waits for SIGINT, SIGTERM or the end of the process, and closes it. */
export async function runUntilSignal(start: (signal: AbortSignal) => Promise<StartedProcess>): Promise<void> {
  const stop = stopSignal();
  const { debugOnSignal } = await import('../telemetry/logLevel.ts');
  const stopListening = debugOnSignal();
  try {
    const started = await start(stop.signal);
    const reason = await Promise.race([whenAborted(stop.signal).then(() => undefined), started.finished]);
    await started.close();
    if (reason !== undefined) process.exitCode = 1;
    exitSoon();
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stopListening();
    stop.dispose();
  }
}

/** Everything is closed by now: only a provider call that ignores its abort could still keep the process alive. */
function exitSoon(): void {
  setTimeout(() => process.exit(), 1_000).unref();
}
