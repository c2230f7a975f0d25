// The entry point of the command line: builds the program from its commands, and maps errors to exit codes.

import { Command, CommanderError } from 'commander';
import { GenwardenError } from '../job/errors/index.ts';
import { addAdminCommands } from './admin/index.ts';
import { addClientCommands } from './client/index.ts';
import { addDevCommands } from './dev/index.ts';
import { exitCodeOf, exitCodes } from './exitCodes.ts';
import { addProcessCommands } from './processes.ts';
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

/** Prints what happened and what to do. */
function report(error: unknown): void {
  if (error instanceof CommanderError) return;
  if (error instanceof GenwardenError) {
    process.stderr.write(`genwarden: ${error.message}\n  ${error.code}: ${error.hint}\n`);
    return;
  }
  process.stderr.write(`genwarden: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

/** `genwarden kubectl …` is `kubectl genwarden …`; the Kubernetes client is loaded only for it. */
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
  report(error);
  process.exitCode =
    error instanceof CommanderError ? (error.exitCode === 0 ? exitCodes.done : exitCodes.usage) : exitCodeOf(error);
}
