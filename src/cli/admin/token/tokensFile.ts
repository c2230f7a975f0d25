// Reads the tokens file, and writes it atomically, readable only by its owner.

import { open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { sleep } from '../../../async/sleep.ts';
import { parseTokens, type TokenEntry } from '../../../api/auth/tokenStore.ts';
import { GenwardenError } from '../../../job/errors/index.ts';

/** No tokens if the file does not exist. Throws `InvalidConfiguration` for a file that is not a tokens file. */
export async function readTokens(path: string): Promise<readonly TokenEntry[]> {
  const text = await textOf(path);
  return text.trim() === '' ? [] : parseTokens(text, path);
}

/**
 * Replaces the tokens of the file, which need not exist, by those that `change` makes of them, and gives its result. The new
 * content is written to a second file and renamed, so that a reader sees the old file or the new one. Throws what
 * `change` throws, `InvalidConfiguration` for a file that is not a tokens file, and `UsageError` if it cannot be
 * written.
 */
export async function changeTokens<T>(
  path: string,
  change: (tokens: readonly TokenEntry[]) => { readonly tokens: readonly TokenEntry[]; readonly result: T },
): Promise<T> {
  try {
    const target = await targetOf(path);
    let changed: T | undefined;
    await replace(target, async () => {
      const { tokens, result } = change(await readTokens(path));
      changed = result;
      return `${JSON.stringify({ tokens }, null, 2)}\n`;
    });
    return changed as T;
  } catch (error) {
    if (error instanceof GenwardenError || !isSystemError(error)) throw error;
    throw new GenwardenError('UsageError', `The tokens file ${path} cannot be written: ${error.message}`, {
      cause: error,
    });
  }
}

/** Resolves links: renaming over a link would replace the link and leave the old file. */
async function targetOf(path: string): Promise<string> {
  return orIfMissing(realpath(path), path);
}

const textOf = (path: string): Promise<string> => orIfMissing(readFile(path, 'utf8'), '');

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
