// A folder of its own for a test, gone when its owner lets go or the test process ends.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** Removes the folder with all that is in it; may be called more than once. */
  remove(): Promise<void>;
}

export async function tempFolder(name = 'test'): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), `genwarden-${name}-`));
  const removeAtExit = (): void => rmSync(path, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  const remove = async (): Promise<void> => {
    process.off('exit', removeAtExit);
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
  };
  return { path, remove, [Symbol.asyncDispose]: remove };
}
