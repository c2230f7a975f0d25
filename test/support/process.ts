// A child process whose output a test can wait for, and that never outlives the test.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { endWithThisProcess } from './cleanup.ts';
import type { Exit } from './natsServer.ts';

export interface ProcessOptions {
  /** Added to the environment of the test; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** `startProcess` resolves at the first line, of stdout or stderr, that fits; default: at once. */
  readyWhen?: RegExp | ((line: string) => boolean);
  /** For `readyWhen`; default 15,000. */
  timeoutMs?: number;
  /** Its owner stops it, not the end of the test that started it. */
  outlivesTest?: boolean;
}

export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** stdout and stderr in the order of arrival. */
  readonly lines: readonly string[];
  readonly exited: Promise<Exit>;
  /** The first line, past or future, that fits; throws with the output when the time is up or the process ends first. */
  waitForLine(fits: RegExp | ((line: string) => boolean), timeoutMs?: number): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Sends SIGTERM, and SIGKILL after five seconds. The end of the test that started the process calls it too. */
  stop(): Promise<void>;
}

const stopGraceMs = 5_000;

export async function startProcess(
  command: string,
  args: string[],
  options: ProcessOptions = {},
): Promise<TestProcess> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithThisProcess(child);
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const started = observe(child, [command, ...args].join(' '));
  if (options.outlivesTest !== true) stopWithTest(() => started.stop());
  if (options.readyWhen !== undefined) await started.waitForLine(options.readyWhen, options.timeoutMs);
  return started;
}

function observe(child: ChildProcess, name: string): TestProcess {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const read = (stream: Readable, into: string[]): void => {
    createInterface({ input: stream }).on('line', (line) => {
      into.push(line);
      lines.push(line);
      for (const listener of listeners) listener();
    });
  };
  read(child.stdout!, stdout);
  read(child.stderr!, stderr);
  // 'close' comes after the last byte of output, so no line is missing once `exited` resolves.
  const exited = new Promise<Exit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));

  const waitForLine: TestProcess['waitForLine'] = (fits, timeoutMs = 15_000) =>
    new Promise((resolve, reject) => {
      const isWanted = typeof fits === 'function' ? fits : (line: string): boolean => fits.test(line);
      const settle = (finish: () => void): void => {
        listeners.delete(look);
        clearTimeout(timer);
        finish();
      };
      const look = (): void => {
        const line = lines.find(isWanted);
        if (line !== undefined) settle(() => resolve(line));
      };
      const fail = (why: string): void =>
        settle(() => reject(new Error(`\`${name}\` ${why} a line that fits ${String(fits)}:\n${lines.join('\n')}`)));
      const timer = setTimeout(() => fail(`did not print within ${timeoutMs} ms`), timeoutMs);
      listeners.add(look);
      void exited.then(({ code, signal }) => fail(`ended (${code ?? signal}) without`));
      look();
    });

  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
    await exited;
    clearTimeout(kill);
  };
  return {
    pid: child.pid!,
    stdout,
    stderr,
    lines,
    exited,
    waitForLine,
    kill: (signal) => void child.kill(signal),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Outside a test (in a hook or a script) the owner stops the process, or the end of this process does. */
function stopWithTest(stop: () => Promise<void>): void {
  try {
    onTestFinished(stop);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
