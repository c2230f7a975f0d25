// The data folder of `genwarden dev`, locked by one process at a time.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GenwardenError } from '../../job/errors/index.ts';
import { commandLine } from './childProcess.ts';

/** Locks the folder and returns the function that unlocks it. Throws `DataDirInUse` while another Genwarden process has it. */
export async function lockDataFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'dev.pid');
  const holder = Number(await readFile(file, 'utf8').catch(() => ''));
  if (holder > 0 && holder !== process.pid && /genwarden|cli\/main/.test(commandLine(holder))) {
    throw new GenwardenError('DataDirInUse', `Process ${holder} uses the data folder ${folder}`);
  }
  await writeFile(file, String(process.pid));
  return () => rm(file, { force: true });
}
