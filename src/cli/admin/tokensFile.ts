// Writes the tokens file: whole or not at all, and readable by its owner only.

import { open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseTokens, type TokenEntry } from '../../api/auth/tokenStore.ts';
import { GenwardenError } from '../../job/errors/index.ts';

/**
 * Adds an entry to the file, which need not exist. The new content is written beside it and renamed, so that a reader
 * sees the old file or the new one. Throws `InvalidConfiguration` for a file that is none of tokens, `UsageError` where
 * it cannot be written.
 */
export async function appendToken(path: string, entry: TokenEntry): Promise<void> {
  try {
    const target = await targetOf(path);
    await replace(target, async () => withEntry(await textOf(target), entry, path));
  } catch (error) {
    if (error instanceof GenwardenError || !isSystemError(error)) throw error;
    throw new GenwardenError('UsageError', `The tokens file ${path} cannot be written: ${error.message}`, {
      cause: error,
    });
  }
}

/** The file itself where the path is a link to it: renaming over a link would leave the file behind. */
async function targetOf(path: string): Promise<string> {
  return orIfMissing(realpath(path), path);
}

const textOf = (path: string): Promise<string> => orIfMissing(readFile(path, 'utf8'), '');

function withEntry(text: string, entry: TokenEntry, path: string): string {
  const tokens = text.trim() === '' ? [] : parseTokens(text, path);
  return `${JSON.stringify({ tokens: [...tokens, entry] }, null, 2)}\n`;
}

/** The new file is made under one name that only one writer can create, so that two at once do not lose an entry. */
async function replace(path: string, content: () => Promise<string>): Promise<void> {
  const next = `${path}.new`;
  const file = await openAlone(next);
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

const lockTries = 40;
const lockPauseMs = 50;

async function openAlone(path: string): ReturnType<typeof open> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await open(path, 'wx', 0o600);
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
      if (tries === lockTries) {
        throw new GenwardenError(
          'UsageError',
          `${path} is there: another command writes it, or one broke off; remove it`,
        );
      }
      await sleep(lockPauseMs);
    }
  }
}

async function orIfMissing(read: Promise<string>, instead: string): Promise<string> {
  try {
    return await read;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return instead;
    throw error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
