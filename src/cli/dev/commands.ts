// `genwarden dev` and `genwarden demo`.

import type { Command } from 'commander';
import { readSettings } from '../../config/load.ts';
import { withSettings } from '../flags.ts';
import { runUntilSignal } from '../processCommands.ts';
import type { StartedProcess } from '../../processes/bootstrap.ts';

export function addDevCommands(program: Command): void {
  const dev = program.command('dev').description('Run everything on this machine until Ctrl-C, with a NATS of its own');
  withSettings(dev, 'dev').action(async (_options, command: Command) => {
    await runUntilSignal((signal) => startDev(command, signal));
    // What still waits for a nats-server that is gone would hold the process up.
    process.exit();
  });
  program
    .command('demo')
    .description('Make a picture from end to end, see a hanging call fail in time, and leave')
    .option('--to <folder>', 'where to save the picture', 'genwarden-demo')
    .action(async ({ to }: { to: string }) => (await import('./demo.ts')).runDemo(to));
}

async function startDev(command: Command, signal: AbortSignal): Promise<StartedProcess> {
  const { settings, resolved } = readSettings({
    env: process.env,
    flags: command.opts(),
    terminal: process.stdout.isTTY === true,
    command: 'dev',
  });
  const { createLogger } = await import('../../telemetry/log.ts');
  const logger = createLogger({ ...settings.log, process: 'dev' });
  const { natsIsGiven, startStack } = await import('../../processes/dev/stack.ts');
  const stack = await startStack({ settings, externalNats: natsIsGiven(resolved), logger, signal });
  logger.info(
    { url: stack.url },
    `ready: try \`genwarden submit --prompt "a front yard" --watch\` (API on ${stack.url})`,
  );
  return stack;
}
