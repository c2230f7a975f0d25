// Everything a command reads and writes apart from the network, so that tests can replace it.

import { createInterface } from 'node:readline/promises';
import { buffer } from 'node:stream/consumers';
import { textOfUtf8 } from '../../job/json/utf8.ts';
import { exitCodes } from '../exitCodes.ts';
import type { Connect } from '../client/connection.ts';

/** A stream that may be a terminal of some size, in characters. */
export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
};

/** The width of a terminal, in columns: 80 if it does not say. Undefined for a file or a pipe. */
export const terminalWidth = ({ isTTY, columns }: Pick<OutputStream, 'isTTY' | 'columns'>): number | undefined =>
  isTTY === true ? columns || 80 : undefined;

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** All of standard input. Rejects with `NotUtf8`. */
  readStdin(): Promise<string>;
  /** Prompts for an answer; undefined if standard input is not a terminal. */
  ask(question: string): Promise<string | undefined>;
  /** Milliseconds since 1970 by this machine's clock; for ages only. */
  now(): number;
  /** Sets the exit code that the process will end with. */
  exitWith(code: number): void;
  /** How client commands connect to the API; default: with the address and token of the settings. */
  readonly connect?: Connect;
  /** The id of the job of a GenerationJob; absent outside a cluster. `flags`: the options of the command. */
  readonly jobOfResource?: (name: string, flags: object) => Promise<string>;
}

/** The streams, environment and clock of this process. */
export function processIo(): Io {
  return {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    readStdin: async () => textOfUtf8(await buffer(process.stdin)),
    ask: askAtTerminal,
    now: () => Date.now(),
    exitWith: (code) => void (process.exitCode = code),
  };
}

async function askAtTerminal(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

export function writeLine(stream: OutputStream, line: string): void {
  stream.write(`${line}\n`);
}

/** Exits silently when the reader of a pipe has closed it (`genwarden list | head`). */
export function endOnClosedPipe(stream: OutputStream): void {
  if (stream.listeners('error').includes(onPipeError)) return;
  stream.on('error', onPipeError);
}

function onPipeError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  if (error.code === 'ENOSPC') {
    process.stderr.write('genwarden: the output was not written: the disk is full\n');
    process.exit(exitCodes.jobFailed);
  }
  throw error;
}
