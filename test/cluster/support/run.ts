// Runs programs (kubectl, helm) for cluster tests. A failure contains their output.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface RunOptions {
  /** Standard input. */
  input?: string;
  env?: Record<string, string>;
  /** Default 120,000; then SIGKILL, which counts as a failure. */
  timeoutMs?: number;
}

export interface Ran {
  /** 128 if a signal ended the program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

class CommandFailed extends Error {
  readonly ran: Ran;

  constructor(command: string, ran: Ran) {
    super(`\`${command}\` ended with ${ran.code}:\n${ran.stderr}${ran.stdout}`);
    this.ran = ran;
  }
}

/** Resolves with any exit status; rejects if the program cannot be started. */
export async function attempt(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { input = '', env = {}, timeoutMs = 120_000 } = options;
  const child = spawn(program, args, { env: { ...process.env, ...env }, timeout: timeoutMs, killSignal: 'SIGKILL' });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(code ?? 128));
  });
  // A program may end without reading its input; the exit status tells whether that is an error.
  child.stdin.on('error', () => undefined).end(input);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** Standard output; throws `CommandFailed` unless the exit status is 0. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await attempt(program, args, options);
  if (ran.code !== 0) throw new CommandFailed([program, ...args].join(' '), ran);
  return ran.stdout;
}
