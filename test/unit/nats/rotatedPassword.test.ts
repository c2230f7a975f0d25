// Which password a process offers while the file and the servers of a cluster change one after the other.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rotatedPassword } from '../../../src/adapters/nats/link/files.ts';
import { tempFolder } from '../../support/tempFolder.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('the newest password first, then the one before in turn', async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, 'password');
  await writeFile(file, '\uFEFFfirst\r\n');
  const next = rotatedPassword(file);
  expect([next(), next(), next()]).toEqual(['first', 'first', 'first']);
  await writeFile(file, 'second\n');
  expect([next(), next(), next(), next()]).toEqual(['second', 'first', 'second', 'first']);
  vi.advanceTimersByTime(60_000);
  expect([next(), next()]).toEqual(['second', 'first']);
  await writeFile(file, '');
  vi.advanceTimersByTime(60_000);
  expect(next()).toBe('second');
});
