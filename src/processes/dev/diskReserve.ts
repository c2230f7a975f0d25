// A file that keeps a part of the disk free for statuses: it is deleted when the disk is full, and written again when there is
// room.

import { randomFillSync } from 'node:crypto';
import { open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { GenwardenError } from '../../job/errors/index.ts';

const mebibyte = 1_048_576;

/** Bytes that are kept for statuses, about 2 KiB each: one hundredth of the disk, 4 to 64 MiB. */
export const reserveOf = (diskBytes: number): number =>
  Math.min(64 * mebibyte, Math.max(4 * mebibyte, Math.floor(diskBytes / 100)));

export const inMebibytes = (bytes: number): string => `${(Math.max(0, bytes) / mebibyte).toFixed(1)} MiB`;

const fileIn = (dataDir: string): string => join(dataDir, 'nats', 'reserve');

export interface DiskSpace {
  /** Bytes. */
  readonly total: number;
  readonly free: number;
  /** The reserve is on the disk: `free` does not include it. */
  readonly reserved: boolean;
}

export async function diskSpace(dataDir: string): Promise<DiskSpace> {
  const { blocks, bavail, bsize } = await statfs(dataDir);
  const reserved = await stat(fileIn(dataDir)).then(
    () => true,
    () => false,
  );
  return { total: blocks * bsize, free: bavail * bsize, reserved };
}

/** Throws if there is no room after all, and leaves no file then. */
export async function writeReserve(dataDir: string, bytes: number): Promise<void> {
  const part = randomFillSync(new Uint8Array(mebibyte));
  try {
    await using file = await open(fileIn(dataDir), 'w', 0o600);
    for (let left = bytes; left > 0; left -= part.length)
      await file.writeFile(part.subarray(0, Math.min(left, part.length)));
    await file.sync();
  } catch (error) {
    await releaseReserve(dataDir);
    throw error;
  }
}

export const releaseReserve = (dataDir: string): Promise<void> => rm(fileIn(dataDir), { force: true });

/** Does the work; on a full disk once more without the reserve. Throws `DiskFull` if that does not help. */
export async function withReserve<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    await releaseReserve(dataDir);
  }
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new GenwardenError('DiskFull', `The disk of the data folder ${dataDir} is full`, { cause: error });
  }
}

/** No space, or none of the user's quota. */
const isDiskFull = (error: unknown): boolean => /^(?:ENOSPC|EDQUOT)$/.test(String((error as { code?: unknown }).code));
