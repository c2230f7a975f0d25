// Shared by all client commands: creates the client from flags and settings, and reports errors.

import type { Command } from 'commander';
import { GenwardenApiError, GenwardenClient, type ClientOptions } from '../../client/index.ts';
import { flagsFor } from '../../config/describe.ts';
import { loadSettings } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { exitCodeOfAnswer } from '../exitCodes.ts';
import { errorLines } from '../output/errorLines.ts';
import { printable } from '../output/text.ts';
import { endOnClosedPipe, writeLine, type Io } from '../output/io.ts';
import { jobIdOf, type JobOfResource } from './ids.ts';
import { isUnreachable, whyUnreachable, type Connect } from './connection.ts';

/** A command that calls the API, with the flags for its address and token. */
export function clientCommand(program: Command, nameAndArguments: string, description: string): Command {
  const command = program.command(nameAndArguments).description(description);
  for (const { flags, description: help } of clientFlags) command.option(flags, help);
  return command;
}

// Client commands do not log, so the log settings get no flags.
const clientFlags = flagsFor('client').filter(({ attribute }) => attribute === 'url' || attribute === 'tokenFile');

/** For commands that only read: an API that is silent for this long is frozen, ms. It itself waits at most 8 s for NATS. */
export const readTimeout = { timeoutMs: 15_000 } as const;

/**
 * Wraps a command's action: passes it a client, and for an API error prints the error and sets exit code 1. Throws
 * `ServerUnreachable` if the API does not answer.
 */
export function withClient<Args extends unknown[]>(
  io: Io,
  run: (client: GenwardenClient, ...args: Args) => Promise<void>,
  { timeoutMs }: Pick<ClientOptions, 'timeoutMs'> = {},
): (...args: [...Args, Command]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    // Includes the program's global options.
    const args = [...all.slice(0, -2), command.optsWithGlobals()] as unknown as Args;
    endOnClosedPipe(io.stdout);
    const connection = await (io.connect ?? connectBySettings(io))(command);
    try {
      // A person who waits for a command should learn at once that the API does not answer.
      await run(new GenwardenClient({ giveUpAfterMs: 0, timeoutMs, ...connection.options }), ...args);
    } catch (error) {
      if (isUnreachable(error)) throw connection.whyUnavailable?.() ?? unreachable(connection.where, error);
      if (!(error instanceof GenwardenApiError)) throw error;
      reportError(io, error);
      io.exitWith(exitCodeOfAnswer(error.code));
    } finally {
      await connection.close?.();
    }
  };
}

/** As `withClient`, for a command whose first argument is a job: passes its whole id. */
export function withJob<Args extends unknown[]>(
  io: Io,
  run: (client: GenwardenClient, id: string, ...args: Args) => Promise<void>,
): (given: string, ...args: [...Args, Command]) => Promise<void> {
  return withClient<[string, ...Args]>(io, async (client, given, ...args) =>
    run(client, await jobIdOf(client, given, resourcesOf(io, args.at(-1) as object)), ...args),
  );
}

/** How `gj/NAME` is read, if this runs against a cluster; `flags` are the options of the command. */
export function resourcesOf({ jobOfResource }: Io, flags: object): JobOfResource | undefined {
  return jobOfResource === undefined ? undefined : async (name) => jobOfResource(name, flags);
}

function connectBySettings(io: Io): Connect {
  return async (command) => {
    const { url, token } = clientSettings(io, command);
    return { options: { url, token }, where: url };
  };
}

/** From the command's flags and the environment. Throws `InvalidConfiguration`. */
export function clientSettings(io: Pick<Io, 'env'>, command: Command): Settings['client'] {
  const options: Record<string, unknown> = command.opts();
  const flags = Object.fromEntries(clientFlags.map(({ attribute }) => [attribute, options[attribute]]));
  return loadSettings({ env: io.env, flags, command: 'client' }).client;
}

function unreachable(where: string, cause: unknown): GenwardenError {
  return new GenwardenError('ServerUnreachable', `No answer from ${where}: ${whyUnreachable(cause)}`, { cause });
}

/** Prints an answer of the API that refuses a request. */
export function reportError({ stderr }: Io, { code, message, detail, hint, errors }: GenwardenApiError): void {
  // The detail usually repeats the first field error.
  const more = errors.map((each) => `${each.path}: ${each.message}`).filter((line) => !detail.includes(line));
  for (const line of errorLines(stderr, { message: printable(message), more, code, hint })) writeLine(stderr, line);
}
