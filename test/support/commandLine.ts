// Runs commands of the command line in this process, with streams, environment and clock that a test gives.
import { Command, CommanderError } from 'commander';
import { PassThrough } from 'node:stream';
import { addAdminCommands } from '../../src/cli/admin/index.ts';
import { addClientCommands } from '../../src/cli/client/index.ts';
import { exitCodeOf, exitCodes } from '../../src/cli/exitCodes.ts';
import { buildPlugin } from '../../src/cli/kubectl/program.ts';
import { errorLines } from '../../src/cli/output/errorLines.ts';
import type { Io } from '../../src/cli/output/io.ts';
import { GenwardenError } from '../../src/job/errors/index.ts';

export interface CommandOptions {
  env?: Record<string, string>;
  stdin?: string;
  /** What the person at the terminal answers; absent: there is none. */
  answer?: string;
  /** ms since 1970; default 2026-01-01 00:10 UTC. */
  now?: () => number;
  /** The size of a terminal; absent: a pipe. */
  terminal?: { columns: number; rows: number };
  /** As `kubectl genwarden`. */
  plugin?: boolean;
}

export interface RunningCommand {
  /** All of standard output so far. */
  stdout(): string;
  stderr(): string;
  /** The exit code, as `genwarden` leaves it. */
  readonly ended: Promise<number>;
}

export interface EndedCommand {
  code: number;
  stdout: string;
  stderr: string;
}

export const commandsNow = Date.parse('2026-01-01T00:10:00Z');

export async function runCommand(args: string[], options: CommandOptions = {}): Promise<EndedCommand> {
  const running = startCommand(args, options);
  const code = await running.ended;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

export function startCommand(args: string[], options: CommandOptions = {}): RunningCommand {
  const { terminal, now = () => commandsNow, env = {}, stdin = '' } = options;
  const stdout = collect(terminal === undefined ? {} : { isTTY: true, ...terminal });
  const stderr = collect({});
  let code = 0;
  const io: Io = {
    env,
    stdout: stdout.stream,
    stderr: stderr.stream,
    readStdin: async () => stdin,
    ask: async (question) => {
      if (options.answer !== undefined) io.stderr.write(question);
      return options.answer;
    },
    now,
    exitWith: (given) => void (code = given),
  };
  const program = options.plugin === true ? buildPlugin(io) : plainProgram(io);
  const ended = program.parseAsync(args, { from: 'user' }).then(
    () => code,
    (error: unknown) => failureCode(io, error),
  );
  return { stdout: stdout.text, stderr: stderr.text, ended };
}

function plainProgram(io: Io): Command {
  const program = new Command('genwarden').exitOverride();
  program.configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) });
  addClientCommands(program, io);
  addAdminCommands(program, io);
  return program;
}

/** All client and admin commands by their full names, such as `token create`. */
export function allCommands(): Map<string, Command> {
  const program = new Command('genwarden');
  addClientCommands(program);
  addAdminCommands(program);
  return new Map(program.commands.flatMap((command) => leavesOf(command, command.name())));
}

const leavesOf = (command: Command, name: string): [string, Command][] =>
  command.commands.length === 0
    ? [[name, command]]
    : command.commands.flatMap((child) => leavesOf(child, `${name} ${child.name()}`));

function failureCode(io: Io, error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (!(error instanceof GenwardenError)) throw error;
  io.stderr.write(`${errorLines(io.stderr, error).join('\n')}\n`);
  return exitCodeOf(error);
}

function collect(size: object): { stream: PassThrough; text: () => string } {
  const chunks: string[] = [];
  const stream = Object.assign(new PassThrough(), size);
  stream.on('data', (chunk: Buffer) => void chunks.push(chunk.toString('utf8')));
  return { stream, text: () => chunks.join('') };
}
