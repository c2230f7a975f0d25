// The entry point of the command line: builds the program from its commands, and maps errors to exit codes.

import { CommanderError, type Command } from 'commander';
import { GenwardenError } from '../job/errors/index.ts';
import { addDevCommands } from './dev/index.ts';
import { exitCodeOf, exitCodes } from './exitCodes.ts';
import { arrangeHelp, helpfulProgram } from './help/index.ts';
import { readableWords, wantsAll } from './help/words.ts';
import { endOnClosedPipe } from './output/io.ts';
import { addProcessCommands } from './processes.ts';

/**
 * The program with all commands. A process gets only the process commands, because it runs for weeks: the client commands
 * and their output libraries must not stay in memory.
 */
async function buildProgram(commandName: string | undefined, all: boolean): Promise<Command> {
  const about = 'Runs slow, paid, failure-prone model calls as jobs that are never stuck.';
  const program = helpfulProgram('genwarden', about, { all });
  addDevCommands(program);
  addProcessCommands(program);
  if (program.commands.some((command) => command.name() === commandName)) return arrangeHelp(program, { all });
  const { addClientCommands } = await import('./client/index.ts');
  const { addAdminCommands } = await import('./admin/index.ts');
  addClientCommands(program);
  addAdminCommands(program);
  return arrangeHelp(program, { all });
}

/** Prints what happened and what to do. */
async function report(error: unknown): Promise<void> {
  if (error instanceof CommanderError) return;
  if (error instanceof GenwardenError) {
    const { errorLines } = await import('./output/errorLines.ts');
    process.stderr.write(`${errorLines(process.stderr, error).join('\n')}\n`);
    return;
  }
  process.stderr.write(`genwarden: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

/** `genwarden kubectl …` is the same as `kubectl genwarden …`. Only it loads the Kubernetes client. */
async function run(args: readonly string[]): Promise<void> {
  if (args[0] !== 'kubectl') {
    endOnClosedPipe(process.stdout);
    const program = await buildProgram(args[0], wantsAll(args));
    await program.parseAsync(readableWords(program, args), { from: 'user' });
    return;
  }
  const { runPlugin } = await import('./kubectl/program.ts');
  await runPlugin(args.slice(1));
}

/** Only a process with a proxy loads what is for proxies. */
async function callThroughProxies(): Promise<void> {
  if (Object.keys(process.env).every((name) => !/^https?_proxy$/i.test(name))) return;
  const { useProxies } = await import('../proxy/index.ts');
  useProxies(process.env);
}

try {
  await callThroughProxies();
  await run(process.argv.slice(2));
} catch (error) {
  await report(error);
  process.exitCode =
    error instanceof CommanderError ? (error.exitCode === 0 ? exitCodes.done : exitCodes.usage) : exitCodeOf(error);
}
