// A small file system that a test can fill to the last byte and free again: a tmpfs, which only root can mount.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { atExit } from './cleanup.ts';
import { tempFolder } from './tempFolder.ts';

export interface SmallDisk {
  readonly path: string;
  /** Leaves no free byte. */
  fill(): void;
  free(): void;
}

const run = (command: string, ...args: string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Undefined where a tmpfs cannot be mounted, which the run says. Ends with the test, after what the test starts later. */
export async function smallDisk(mebibytes: number): Promise<SmallDisk | undefined> {
  const folder = await tempFolder('disk');
  const { path } = folder;
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path)) {
    await folder.remove();
    console.warn('A tmpfs cannot be mounted here: the limit of nats-server and /dev/full stand in for a full disk.');
    return undefined;
  }
  // Lazy: processes of a failed test may still have files open.
  const unmount = (): void => void run('umount', '-l', path);
  const forget = atExit(unmount);
  onTestFinished(async () => {
    forget();
    unmount();
    await folder.remove();
  });
  const filler = join(path, 'filler');
  return { path, fill: () => fill(path, filler), free: () => rmSync(filler, { force: true }) };
}

function fill(path: string, filler: string): void {
  const file = openSync(filler, 'w');
  const piece = new Uint8Array(65_536);
  try {
    while (statfsSync(path).bavail > 0) writeSync(file, piece);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}
