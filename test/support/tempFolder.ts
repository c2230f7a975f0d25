// A folder of its own for a test, gone when its owner lets go or the test process ends.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './atExit.ts';

export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** Removes the folder with all that is in it; may be called more than once. */
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
