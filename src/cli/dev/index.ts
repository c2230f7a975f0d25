// `genwarden dev` and `genwarden demo`.

import type { Command } from 'commander';
import { readSettings } from '../../config/load.ts';
import type { ResolvedSetting } from '../../config/setting.ts';
import type { Settings } from '../../config/settings.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import type { Logger } from '../../telemetry/log.ts';
import { writeLine } from '../output/io.ts';
import { withSettings } from '../settingsFlags.ts';
import { runUntilSignal } from '../processes.ts';
import type { StartedProcess } from '../../processes/bootstrap.ts';

export function addDevCommands(program: Command): void {
  const dev = program.command('dev').description('Run all processes and a nats-server on this machine until Ctrl-C');
  withSettings(dev, 'dev').action(async (_options, command: Command) => {
    await runUntilSignal((signal) => startDev(command, signal));
    // Requests still waiting for the stopped nats-server would keep the process alive.
    process.exit();
  });
  program
    .command('demo')
    .description('Generate an image end to end, show that a hanging call fails on time, and exit')
    .option('--to <folder>', 'folder to save the image in', 'genwarden-demo')
    .action(async ({ to }: { to: string }) => (await import('./demo.ts')).runDemo(to));
}

async function startDev(command: Command, signal: AbortSignal): Promise<StartedProcess> {
  const { settings, resolved } = readSettings({
    env: process.env,
    flags: command.opts(),
    terminal: process.stdout.isTTY === true,
    command: 'dev',
  });
  const brief = process.stdout.isTTY === true && !asksForLog(resolved);
  const log = { ...settings.log, brief };
  const { createLogger } = await import('../../telemetry/log.ts');
  const logger = createLogger({ ...log, process: 'dev' });
  const { startStack } = await import('../../processes/dev/stack.ts');
  const { startLines, tryCommand } = await import('./announce.ts');
  const announced = brief ? { announceInstallation: (line: string) => writeLine(process.stdout, line) } : {};
  const stack = await startStack({ settings: { ...settings, log }, resolved, logger, signal, ...announced });
  if (brief) for (const line of startLines(stack)) writeLine(process.stdout, line);
  else if (stack.consoleUrl !== undefined) announceConsole(stack.consoleUrl, settings, logger);
  logEvent(logger, 'dev_ready', {}, `ready: try \`${tryCommand(stack.pools)}\``);
  return { ...stack, name: 'dev' };
}

/** True if the user chose a level or a format: then the log is as the processes write it. */
const asksForLog = (resolved: readonly ResolvedSetting[]): boolean =>
  resolved.some(({ definition: { name }, source }) => /^LOG_(?:LEVEL|FORMAT)$/.test(name) && source.kind !== 'default');

/** On a terminal it stands out from the log. */
function announceConsole(url: string, { log }: Settings, logger: Logger): void {
  if (log.format === 'pretty') writeLine(process.stdout, `Console: ${url}`);
  else logEvent(logger, 'console_listening', { url }, `Console: ${url}`);
}
