// What every client command does alike: the client made from flags and settings, and refusals told to a person.

import type { Command } from 'commander';
import { GenwardenApiError, GenwardenClient } from '../../client/index.ts';
import { flagsFor } from '../../config/describe.ts';
import { loadSettings } from '../../config/load.ts';
import { GenwardenError } from '../../job/errors.ts';
import { exitCodes } from '../exitCodes.ts';
import { printable } from '../output/cells.ts';
import { endOnClosedPipe, writeLine, type Io } from '../output/io.ts';
import { isUnreachable, whyUnreachable } from './unreachable.ts';

/** A command that talks to the API, with the flags that say where it is and as whom. */
export function clientCommand(program: Command, nameAndArguments: string, description: string): Command {
  const command = program.command(nameAndArguments).description(description);
  for (const { flags, description: help } of clientFlags) command.option(flags, help);
  return command;
}

// Client commands do not log, so the flags for the log are none of theirs.
const clientFlags = flagsFor('client').filter(({ attribute }) => attribute === 'url' || attribute === 'tokenFile');

/** An action with a client: what the API refuses is printed and ends with exit code 1, an API that is away throws `ServerUnreachable`. */
export function withClient<Args extends unknown[]>(
  io: Io,
  run: (client: GenwardenClient, ...args: Args) => Promise<void>,
): (...args: [...Args, Command]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    const args = all.slice(0, -1) as Args;
    endOnClosedPipe(io.stdout);
    const { url, token } = connectionOf(io, command);
    const client = new GenwardenClient({ url, ...(token === undefined ? {} : { token }) });
    try {
      await run(client, ...args);
    } catch (error) {
      if (isUnreachable(error)) throw unreachable(url, error);
      if (!(error instanceof GenwardenApiError)) throw error;
      explainRefusal(io, error);
      io.exitWith(exitCodes.jobFailed);
    }
  };
}

function connectionOf(io: Io, command: Command): { url: string; token: string | undefined } {
  const options: Record<string, unknown> = command.opts();
  const flags = Object.fromEntries(clientFlags.map(({ attribute }) => [attribute, options[attribute]]));
  const { client } = loadSettings({ env: io.env, flags, command: 'client' });
  return { url: client.url, token: client.token };
}

function unreachable(url: string, cause: unknown): GenwardenError {
  return new GenwardenError('ServerUnreachable', `No answer from ${url}: ${whyUnreachable(cause)}`, { cause });
}

function explainRefusal({ stderr }: Io, { code, detail, hint, errors }: GenwardenApiError): void {
  writeLine(stderr, `genwarden: ${printable(detail)}`);
  // The detail often says the first of them already.
  const more = errors.map(({ path, message }) => `${path}: ${message}`).filter((line) => !detail.includes(line));
  for (const line of [...more, `${code}: ${hint}`]) writeLine(stderr, `  ${printable(line)}`);
}
