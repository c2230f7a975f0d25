// Files of the login and of TLS: read when the process starts, and again at each connection, so that a rotated file counts
// without a restart.

import { readFileSync } from 'node:fs';
import { GenwardenError } from '../../../job/errors/index.ts';

/**
 * Returns a function that reads the file again at each call. While the file is gone or empty, as in the middle of a rotation, it
 * returns what it read last. Throws `InvalidConfiguration` if the file cannot be read now.
 */
export function rotatedFile(what: string, path: string): () => string {
  let content = readNow(what, path);
  return () => {
    try {
      const found = readFileSync(path, 'utf8');
      if (found.trim() !== '') content = found;
    } catch {
      // The last content may still be valid; if it is not, the server says so.
    }
    return content;
  };
}

/** Attempts of one reconnect follow each other faster than this, ms. */
const attemptsWithin = 10_000;

/**
 * Returns a function that returns the password for the next attempt to connect: that of the file, then in turn the one before and the
 * file's again, as the servers of a cluster learn a new password one after the other. Throws as `rotatedFile`.
 */
export function rotatedPassword(path: string): () => string {
  const read = rotatedFile('password', path);
  // As the settings read it.
  const now = (): string =>
    read()
      .replace(/^\uFEFF/, '')
      .trim();
  let newest = now();
  let before = newest;
  let last = newest;
  let lastAt = -Infinity;
  return () => {
    const found = now();
    if (found !== newest) [before, newest] = [newest, found];
    const isNextAttempt = performance.now() - lastAt < attemptsWithin;
    last = isNextAttempt && last === newest ? before : newest;
    lastAt = performance.now();
    return last;
  };
}

function readNow(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new GenwardenError('InvalidConfiguration', `Cannot read the NATS ${what} file ${path}: ${why}.`, { cause });
  }
}
