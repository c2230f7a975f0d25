// Keys that are replaced while a worker runs: a job that waits for a refused key succeeds with its successor, without a restart.

import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { anImage, startInstallation } from '../../support/installation.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

it('a refused key in a file is replaced while its worker runs', async () => {
  const folder = await tempFolder('keys');
  onTestFinished(() => folder.remove());
  const file = join(folder.path, 'keys');
  await writeFile(file, 'AIza-refused-key\n');
  const env = { GENWARDEN_GEMINI_API_KEYS: undefined, GENWARDEN_GEMINI_API_KEYS_FILE: file };
  const { client, standin, start } = await startInstallation({ env, processes: ['controller', 'api'] });
  standin.behaveForKey('AIza-refused-key', { kind: 'bad-key' });
  const worker = await start('worker');
  const job = await client.submit(anImage('a yard'));
  const refused = await until(
    async () => {
      const [task] = (await client.get(job.id)).tasks!;
      return task!.waitingFor?.reason === 'KeysRefused' && task;
    },
    { what: 'the task to wait for a key' },
  );
  expect(refused).toMatchObject({ state: 'queued', attempt: 0 });
  await writeFile(join(folder.path, 'next'), 'AIza-working-key\n');
  await rename(join(folder.path, 'next'), file);
  expect((await client.wait(job.id)).state).toBe('succeeded');
  expect(new Set(standin.requests.map(({ keyFingerprint }) => keyFingerprint)).size).toBe(2);
  const log = worker.lines.join('\n');
  expect(log).toContain('The API keys have changed');
  expect(log).not.toContain('AIza');
}, 60_000);
