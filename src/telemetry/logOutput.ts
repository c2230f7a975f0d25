// Writes log lines to standard output, and drops those that cannot be written: a full disk, a closed terminal or a reader that is
// gone must neither end nor block the process. The number of dropped lines is logged as soon as a line can be written again.

import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Writes the text and returns how many of its bytes were written; throws if none could be. */
type Write = (text: string) => number;

/** `report` makes the line about the dropped lines. */
export function droppingOutput(write: Write, report: (dropped: number) => string): (line: string) => void {
  let dropped = 0;
  let torn = false;
  const attempt = (line: string): boolean => {
    // The rest of a line that was written in part is not repeated.
    const text = torn ? `\n${line}` : line;
    try {
      const written = write(text);
      torn = written > 0 ? written < Buffer.byteLength(text) : torn;
      return written >= Buffer.byteLength(text);
    } catch {
      return false;
    }
  };
  return (line) => {
    if (dropped > 0 && attempt(report(dropped))) dropped = 0;
    if (dropped > 0 || !attempt(line)) dropped += 1;
  };
}

/** Standard output. For files, Node's stream would fail for good at its first error, and end the process. */
export function standardOutput(report: (dropped: number) => string): (line: string) => void {
  const { stdout } = process;
  if (isFile(1)) return droppingOutput((text) => writeSync(1, text), report);
  surviveErrors(stdout);
  const write = (text: string): number => {
    if (!stdout.writable) throw new Error('Standard output is closed');
    stdout.write(text);
    return Buffer.byteLength(text);
  };
  return droppingOutput(write, report);
}

function isFile(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() || (stat.isCharacterDevice() && !isatty(descriptor));
  } catch {
    return false;
  }
}

/** A pipe whose reader is gone, or a closed terminal. */
function surviveErrors(stdout: NodeJS.WriteStream): void {
  if (!stdout.listeners('error').includes(ignoreError)) stdout.on('error', ignoreError);
}

function ignoreError(): void {
  // Later lines are dropped.
}
