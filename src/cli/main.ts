// The entry point of the command line: builds the program from its commands, and maps errors to exit codes.

import { Command, CommanderError } from 'commander';
import { GenwardenError } from '../job/errors/index.ts';
import { addDevCommands } from './dev/index.ts';
import { exitCodeOf, exitCodes } from './exitCodes.ts';
import { addProcessCommands } from './processes.ts';
import { version } from '../config/version.ts';

/**
 * The program with all commands. A process gets only the process commands, because it runs for weeks: the client commands
 * and their output libraries must not stay in memory.
 */
async function buildProgram(commandName: string | undefined): Promise<Command> {
  const program = new Command('genwarden')
    .description('Runs slow, paid, failure-prone model calls as jobs that are never stuck.')
    .version(version)
    .helpCommand('help [command]', 'Show the help of a command')
    .showHelpAfterError('(see --help)')
    .exitOverride();
  addDevCommands(program);
  addProcessCommands(program);
  if (program.commands.some((command) => command.name() === commandName)) return program;
  const { addClientCommands } = await import('./client/index.ts');
  const { addAdminCommands } = await import('./admin/index.ts');
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

/** `genwarden kubectl …` is the same as `kubectl genwarden …`. Only it loads the Kubernetes client. */
async function run(args: readonly string[]): Promise<void> {
  if (args[0] !== 'kubectl') {
    const program = await buildProgram(args[0]);
    await program.parseAsync([...args], { from: 'user' });
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
