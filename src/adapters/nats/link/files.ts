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

function readNow(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new GenwardenError('InvalidConfiguration', `Cannot read the NATS ${what} file ${path}: ${why}.`, { cause });
  }
}
