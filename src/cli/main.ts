// The command line: one file a command, each of which adds itself here.

import { Command, CommanderError } from 'commander';
import { GenwardenError } from '../job/errors/index.ts';
import { addAdminCommands } from './admin/commands.ts';
import { addClientCommands } from './client/commands.ts';
import { addDevCommands } from './dev/commands.ts';
import { exitCodeOf, exitCodes } from './exitCodes.ts';
import { addProcessCommands } from './processCommands.ts';
import { version } from '../config/version.ts';

function buildProgram(): Command {
  const program = new Command('genwarden')
    .description('Runs slow, paid, failure-prone model calls as jobs that are never stuck.')
    .version(version)
    .showHelpAfterError('(see --help)')
    .exitOverride();
  addDevCommands(program);
  addProcessCommands(program);
  addClientCommands(program);
  addAdminCommands(program);
  return program;
}

/** Prints an error for a person: what happened, and what to do. */
function explain(error: unknown): void {
  if (error instanceof CommanderError) return;
  if (error instanceof GenwardenError) {
    process.stderr.write(`genwarden: ${error.message}\n  ${error.code}: ${error.hint}\n`);
    return;
  }
  process.stderr.write(`genwarden: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

/** `genwarden kubectl …` is `kubectl genwarden …`: what only it needs is loaded for it alone. */
async function run(args: readonly string[]): Promise<void> {
  if (args[0] !== 'kubectl') {
    await buildProgram().parseAsync([...args], { from: 'user' });
    return;
  }
  const { runPlugin } = await import('./kubectl/program.ts');
  await runPlugin(args.slice(1));
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  explain(error);
  process.exitCode =
    error instanceof CommanderError ? (error.exitCode === 0 ? exitCodes.done : exitCodes.usage) : exitCodeOf(error);
}
