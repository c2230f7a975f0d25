// What tests wait with: lines of a process, conditions; and that a failed wait says what it waited for.
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startProcess } from '../../support/process.ts';
import type { TestProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

const node = (script: string, readyWhen?: RegExp): Promise<TestProcess> =>
  startProcess(process.execPath, ['-e', script], { env: { GREETING: 'hello' }, ...(readyWhen && { readyWhen }) });

describe('startProcess', () => {
  test('finds lines of both streams, past and to come, with its environment', async () => {
    const started = await node(
      `console.log(process.env.GREETING); console.error('careful'); setTimeout(() => console.log('late'), 100)`,
      /hello/,
    );
    expect(await started.waitForLine(/late/)).toBe('late');
    expect(await started.waitForLine((line) => line === 'careful')).toBe('careful');
    expect(await started.exited).toEqual({ code: 0, signal: null });
    expect(started.stdout).toEqual(['hello', 'late']);
  });

  test('fails a wait with the output when the process ends without the line, or time is up', async () => {
    const ended = await node(`console.log('only this'); process.exitCode = 3`);
    await expect(ended.waitForLine(/never/)).rejects.toThrow(
      /ended \(3\) without a line that fits \/never\/:\nonly this/,
    );
    const silent = await node(`setInterval(() => {}, 1000)`);
    await expect(silent.waitForLine(/never/, 50)).rejects.toThrow('did not print within 50 ms');
  });

  test('rejects a program that does not exist', async () => {
    await expect(startProcess('/no/such/program', [])).rejects.toThrow('ENOENT');
  });

  let left: TestProcess;
  test('starts one that is left alone …', async () => {
    left = await node(`console.log('up'); setInterval(() => {}, 1000)`, /up/);
  });
  test('… and that has ended with its test', async () => {
    expect(await left.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });
});

describe('until', () => {
  test('resolves with the first truthy value', async () => {
    let looks = 0;
    expect(await until(() => ++looks > 2 && `after ${looks}`, { what: 'three looks', intervalMs: 1 })).toBe('after 3');
  });

  test('says what it waited for, with the last error as cause', async () => {
    const refused = new Error('refused');
    const waiting = until(() => Promise.reject(refused), { what: 'an answer', timeoutMs: 30, intervalMs: 1 });
    await expect(waiting).rejects.toMatchObject({ message: expect.stringContaining('an answer'), cause: refused });
  });
});

test('tempFolder is gone with its owner', async () => {
  const folder = await tempFolder();
  expect(existsSync(folder.path)).toBe(true);
  await folder.remove();
  await folder.remove();
  expect(existsSync(folder.path)).toBe(false);
});
