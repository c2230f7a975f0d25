// A command in a terminal of some size: what a person would see on the screen, and the keys that the person presses. python3 opens
// the pseudo terminal, and xterm.js, which runs the terminal of many editors, interprets the output.

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import xterm from '@xterm/headless';
import { onTestFinished } from 'vitest';
import { endWithThisProcess } from './cleanup.ts';

export interface TerminalOptions {
  /** Default 80. */
  columns?: number;
  /** Default 24. */
  rows?: number;
  /** Added to the environment of the test; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
}

export interface TestTerminal extends AsyncDisposable {
  /** The rows from the first output to the cursor, scrolled ones included; without trailing spaces and empty rows at the end. */
  rows(): Row[];
  /** The rows as text. */
  text(): string;
  /** The lines that are wider than the terminal, which therefore broke them. */
  brokenLines(): string[];
  /** Every byte that the terminal got, with control sequences. */
  output(): string;
  /** Resolves with `text()` once it fits; throws with it when the time is up (default 15,000) or the command ends first. */
  waitFor(fits: RegExp | ((text: string) => boolean), timeoutMs?: number): Promise<string>;
  /** Types text or keys: `\r` is Enter, `\x03` Ctrl-C. */
  type(keys: string): void;
  kill(signal: NodeJS.Signals): void;
  /** The exit code as in a shell, 130 for SIGINT; `text()` is complete then. */
  readonly exited: Promise<number>;
  /** Hangs up, and kills the command if it is still there after five seconds. The end of the test calls it too. */
  stop(): Promise<void>;
}

export interface Row {
  readonly text: string;
  /** True if the row continues the one before, because that line was wider than the terminal. */
  readonly continues: boolean;
}

const inTerminal = fileURLToPath(new URL('inTerminal.py', import.meta.url));
const stopGraceMs = 5_000;
const scrollback = 10_000;

export async function startInTerminal(
  command: string,
  args: readonly string[],
  { columns = 80, rows = 24, env = {}, cwd }: TerminalOptions = {},
): Promise<TestTerminal> {
  const child = spawn('python3', [inTerminal, String(columns), String(rows), command, ...args], {
    env: { ...process.env, TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  endWithThisProcess(child);
  child.stdin.on('error', () => undefined);
  const said = createInterface({ input: child.stderr });
  const pid = await new Promise<number>((resolve, reject) => {
    said.once('line', (line) => (/^\d+$/.test(line) ? resolve(Number(line)) : reject(new Error(line))));
    child.once('error', reject);
  });
  return showing(child, pid, new xterm.Terminal({ cols: columns, rows, scrollback, allowProposedApi: true }));
}

function showing(child: ChildProcess, pid: number, screen: xterm.Terminal): TestTerminal {
  let output = '';
  let interpreted = Promise.resolve();
  const listeners = new Set<() => void>();
  child.stdout!.on('data', (bytes: Buffer) => {
    output += bytes.toString('utf8');
    // It interprets later than it takes.
    interpreted = new Promise((resolve) => screen.write(bytes, resolve));
    void interpreted.then(() => listeners.forEach((look) => look()));
  });
  // Answers of the terminal, such as the position of the cursor.
  screen.onData((answer) => void child.stdin!.write(answer));
  const exited = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 128))).then(
    async (code) => {
      await interpreted;
      return code;
    },
  );
  const text = (): string =>
    rowsOf(screen)
      .map((row) => row.text)
      .join('\n');
  const stop = async (): Promise<void> => {
    child.stdin!.end();
    const kill = setTimeout(() => killProcess(pid, 'SIGKILL'), stopGraceMs);
    await exited;
    clearTimeout(kill);
  };
  stopWithTest(stop);
  return {
    rows: () => rowsOf(screen),
    text,
    brokenLines: () => brokenLines(rowsOf(screen)),
    output: () => output,
    waitFor: (fits, timeoutMs = 15_000) => waitForText(text, fits, { listeners, exited, timeoutMs }),
    type: (keys) => void child.stdin!.write(keys),
    kill: (signal) => killProcess(pid, signal),
    exited,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function rowsOf({ buffer: { active } }: xterm.Terminal): Row[] {
  const rows = Array.from({ length: active.length }, (_, at) => active.getLine(at)!).map((line) => ({
    text: line.translateToString(true).trimEnd(),
    continues: line.isWrapped,
  }));
  return rows.slice(0, rows.findLastIndex((row) => row.text !== '') + 1);
}

function brokenLines(rows: readonly Row[]): string[] {
  const lines: string[] = [];
  for (const [at, { text, continues }] of rows.entries()) {
    if (continues) lines[lines.length - 1] += text;
    else if (rows[at + 1]?.continues === true) lines.push(text);
  }
  return lines;
}

interface Waiting {
  readonly listeners: Set<() => void>;
  readonly exited: Promise<number>;
  readonly timeoutMs: number;
}

function waitForText(
  text: () => string,
  fits: RegExp | ((text: string) => boolean),
  { listeners, exited, timeoutMs }: Waiting,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const isWanted = typeof fits === 'function' ? fits : (shown: string): boolean => fits.test(shown);
    const settle = (finish: () => void): void => {
      listeners.delete(look);
      clearTimeout(timer);
      finish();
    };
    const look = (): void => {
      const shown = text();
      if (isWanted(shown)) settle(() => resolve(shown));
    };
    const fail = (why: string): void => settle(() => reject(new Error(`${why} before ${String(fits)}:\n${text()}`)));
    const timer = setTimeout(() => fail(`${timeoutMs} ms went by`), timeoutMs);
    listeners.add(look);
    look();
    void exited.then((code) => {
      look();
      fail(`the command ended with ${code}`);
    });
  });
}

function killProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Outside a test (in a hook or a script) the owner stops the command, or the end of this process does. */
function stopWithTest(stop: () => Promise<void>): void {
  try {
    onTestFinished(stop);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
