// Replaces a small file with secrets atomically, readable only by its owner.

import { open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { sleep } from '../../async/sleep.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { textOfUtf8 } from '../../job/json/utf8.ts';

/**
 * Changes the text of a file, which need not exist: then its text is empty. The new text is written to a second file and renamed, so
 * that a reader sees the old file or the new one. `what` names the file in errors. Throws what `change` throws, and `UsageError` if the
 * file cannot be written.
 */
export async function updateFile(path: string, what: string, change: (text: string) => string): Promise<void> {
  try {
    const target = await targetOf(path);
    await replace(target, async () => change(await textOf(target)));
  } catch (error) {
    if (error instanceof GenwardenError || !isSystemError(error)) throw error;
    throw new GenwardenError('UsageError', `The ${what} ${path} cannot be written: ${error.message}`, {
      cause: error,
    });
  }
}

/** Resolves links: renaming over a link would replace the link and leave the old file. */
async function targetOf(path: string): Promise<string> {
  return orIfMissing(realpath(path), path);
}

/** The text of a file; empty if it does not exist. */
export const textOf = (path: string): Promise<string> => orIfMissing(decoded(path), '');

async function decoded(path: string): Promise<string> {
  const bytes = await readFile(path);
  try {
    return textOfUtf8(bytes);
  } catch (error) {
    throw new GenwardenError('UsageError', `${path} ${(error as Error).message}`, { cause: error });
  }
}

/** The new file doubles as a lock: only one writer can create it, so concurrent writers lose no entry. */
async function replace(path: string, content: () => Promise<string>): Promise<void> {
  const next = `${path}.new`;
  const file = await createExclusively(next);
  try {
    await file.writeFile(await content());
    await file.sync();
    await file.close();
    await rename(next, path);
  } catch (error) {
    await file.close();
    await rm(next, { force: true });
    throw error;
  }
}

const lockAttempts = 40;
const lockRetryMs = 50;

async function createExclusively(path: string): ReturnType<typeof open> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open(path, 'wx', 0o600);
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
      if (attempt === lockAttempts) {
        throw new GenwardenError(
          'UsageError',
          `${path} exists: another command is writing it, or one was interrupted; if none is running, remove it`,
        );
      }
      await sleep(lockRetryMs);
    }
  }
}

async function orIfMissing(read: Promise<string>, fallback: string): Promise<string> {
  try {
    return await read;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return fallback;
    throw error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
