// The guard of the embedded server's disk, on a real small file system.

import { mkdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { guardDisk, type GuardedServer } from '../../../src/processes/dev/diskGuard.ts';
import { diskSpace, withReserve } from '../../../src/processes/dev/diskReserve.ts';
import { createLogger } from '../../../src/telemetry/log.ts';
import { smallDisk } from '../../support/smallDisk.ts';
import { until } from '../../support/until.ts';

const mebibyte = 1_048_576;

async function watched(path: string) {
  mkdirSync(`${path}/nats`);
  const listeners: ((text: string) => void)[] = [];
  const restarts: boolean[] = [];
  let fails = 0;
  const server: GuardedServer = {
    onLog: (listener) => void listeners.push(listener),
    restart: async () => {
      restarts.push(fails === 0);
      if (fails > 0) throw new Error(`nats-server did not start (${(fails -= 1)} more)`);
    },
  };
  const logger = createLogger({ level: 'silent', format: 'json', process: 'dev' });
  const guard = await guardDisk({ dataDir: path, server, logger });
  onTestFinished(() => guard.close());
  const told: (string | undefined)[] = [];
  guard.onChange(() => told.push(guard.onReserve()));
  const writeFails = (): void => listeners.forEach((listener) => listener('write 1.blk: no space left on device\n'));
  return { guard, told, restarts, writeFails, failNext: (times: number) => (fails = times) };
}

test('a full disk gives the reserve to statuses, and a freed one gets it back', async ({ skip }) => {
  const disk = await smallDisk(40);
  if (disk === undefined) return skip('This needs a file system that can be filled.');
  const { told } = await watched(disk.path);
  expect(await diskSpace(disk.path)).toMatchObject({ reserved: true });
  disk.fill();
  await until(() => told.length === 2, { what: 'the guard to notice' });
  expect(told[1]).toBe(`0.0 MiB left in ${disk.path}; free 8.0 MiB or more`);
  const space = await until(async () => ((await diskSpace(disk.path)).reserved ? undefined : diskSpace(disk.path)), {
    what: 'the reserve to be released',
  });
  expect(space.free).toBe(4 * mebibyte);
  disk.free();
  await until(() => told.length === 3, { what: 'the guard to notice' });
  expect(told).toEqual([undefined, expect.any(String), undefined]);
  expect(await diskSpace(disk.path)).toMatchObject({ reserved: true });
});

test('after a failed write the server is restarted, again and again until it starts', async ({ skip }) => {
  const disk = await smallDisk(40);
  if (disk === undefined) return skip('This needs a file system that can be filled.');
  const { restarts, writeFails, failNext } = await watched(disk.path);
  failNext(2);
  disk.fill();
  writeFails();
  await until(() => restarts.length === 3, { what: 'three restarts' });
  expect(restarts).toEqual([false, false, true]);
});

test('what fails on a full disk is done once more without the reserve, and fails with DiskFull after that', async () => {
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  let tries = 0;
  const fails = async (times: number): Promise<number> => {
    tries += 1;
    if (tries <= times) throw full;
    return tries;
  };
  expect(await withReserve('/nowhere', () => fails(1))).toBe(2);
  tries = 0;
  await expect(withReserve('/nowhere', () => fails(2))).rejects.toMatchObject({ code: 'DiskFull' });
});
