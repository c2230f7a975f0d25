// A temporary folder for one test, removed by its owner or at the end of the test process.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './cleanup.ts';

export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** Removes the folder and its content; may be called more than once. */
  remove(): Promise<void>;
}

export async function tempFolder(name = 'test'): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), `genwarden-${name}-`));
  const forget = atExit(() => rmSync(path, { recursive: true, force: true }));
  const remove = async (): Promise<void> => {
    forget();
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
  };
  return { path, remove, [Symbol.asyncDispose]: remove };
}
