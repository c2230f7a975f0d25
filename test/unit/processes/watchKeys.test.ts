// Keys in files: a worker uses what they hold now, keeps its keys while they hold nothing usable, and never logs a key.

import { rename, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadSettings } from '../../../src/config/load.ts';
import { loadPools } from '../../../src/config/pools.ts';
import { watchKeys } from '../../../src/processes/watchKeys.ts';
import { createLogger } from '../../../src/telemetry/log.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

async function aFolder(files: Record<string, string>): Promise<string> {
  const folder = await tempFolder('keys');
  onTestFinished(() => folder.remove());
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  return folder.path;
}

/** A watch of the pool's key files, and what it used and logged. */
function watching(env: Record<string, string>, pool = 'default') {
  const settings = loadSettings({ env });
  const stop = new AbortController();
  const used: string[][] = [];
  const logged: string[] = [];
  const secrets = new Set<string>();
  const destination = { write: (line: string) => void logged.push(line) };
  const done = watchKeys(
    {
      settings,
      pool: loadPools(settings).find(({ name }) => name === pool)!,
      logger: createLogger({ level: 'info', format: 'json', process: 'worker', secrets, destination }),
      hideSecrets: (more) => more.forEach((secret) => secrets.add(secret)),
      replaceKeys: async (_pool, keys) => void used.push(keys.map(({ secret }) => secret)),
      everyMs: 5,
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await done;
  });
  const next = (count: number): Promise<unknown> => until(() => used.length >= count, { what: `change ${count}` });
  const problem = (text: string): Promise<unknown> =>
    until(() => logged.some((line) => line.includes(text)), { what: text });
  return { used, logged, secrets, next, problem, done };
}

test('keys from the environment are not watched', async () => {
  await watching({ GENWARDEN_GEMINI_API_KEYS: 'sesame-one' }).done;
});

test('the keys of each provider come from the file of its settings', async () => {
  const folder = await aFolder({ google: 'sesame-one\n', open: 'sk-one\n', 'pools.json': '' });
  const pools = { pools: [{ name: 'google' }, { name: 'open', provider: 'openai' }] };
  await writeFile(join(folder, 'pools.json'), JSON.stringify(pools));
  const env = {
    GENWARDEN_GEMINI_API_KEYS_FILE: join(folder, 'google'),
    GENWARDEN_OPENAI_API_KEYS_FILE: join(folder, 'open'),
    GENWARDEN_POOLS_FILE: join(folder, 'pools.json'),
  };
  const [google, open] = [watching(env, 'google'), watching(env, 'open')];
  await writeFile(join(folder, 'open'), 'sk-two');
  await open.next(1);
  expect(open.used).toEqual([['sk-two']]);
  expect(open.secrets).toContain('sk-two');
  expect(google.used).toEqual([]);
  await writeFile(join(folder, 'open'), 'sk two');
  await open.problem('GENWARDEN_OPENAI_API_KEYS_FILE');
});

test('a changed file of keys is used, once', async () => {
  const folder = await aFolder({ keys: 'sesame-one\n' });
  const { used, secrets, logged, next } = watching({ GENWARDEN_GEMINI_API_KEYS_FILE: join(folder, 'keys') });
  await writeFile(join(folder, 'new'), 'sesame-two\nsesame-three\n');
  await rename(join(folder, 'new'), join(folder, 'keys'));
  await next(1);
  await writeFile(join(folder, 'keys'), 'sesame-four');
  await next(2);
  expect(used).toEqual([['sesame-two', 'sesame-three'], ['sesame-four']]);
  expect(secrets).toEqual(new Set(['sesame-two', 'sesame-three', 'sesame-four']));
  expect(logged.join('')).not.toContain('sesame');
});

test('content that a starting worker would refuse is logged, and the present keys stay', async () => {
  const folder = await aFolder({ keys: 'sesame-one' });
  const path = join(folder, 'keys');
  const { used, logged, next, problem } = watching({ GENWARDEN_GEMINI_API_KEYS_FILE: path });
  await writeFile(path, 'good\nsesame\u200Btwo');
  await problem(`${path}: line 2 contains an invisible character (U+200B)`);
  await rm(path);
  await problem('ENOENT');
  await writeFile(path, 'sesame-three');
  await next(1);
  expect(used).toEqual([['sesame-three']]);
  expect(logged.join('')).not.toContain('sesame');
});

test('a pools file and the separate files of its keys are followed, through swapped links as of Kubernetes', async () => {
  const folder = await aFolder({});
  const version = async (name: string, key: string): Promise<void> => {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'key'), key);
    await symlink(name, join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'data'));
  };
  await version('one', 'sesame-one');
  const pools = (rate: number): string =>
    JSON.stringify({
      pools: [{ name: 'studio', keys: [{ keyFile: join(folder, 'data', 'key'), requestsPerMinute: rate }] }],
    });
  await writeFile(join(folder, 'pools.json'), pools(3));
  const env = { GENWARDEN_POOLS_FILE: join(folder, 'pools.json'), GENWARDEN_POOL: 'studio' };
  const { used, next, problem } = watching(env, 'studio');
  await version('two', 'sesame-two');
  await next(1);
  await writeFile(join(folder, 'pools.json'), pools(4));
  await next(2);
  expect(used).toEqual([['sesame-two'], ['sesame-two']]);
  await writeFile(join(folder, 'pools.json'), JSON.stringify({ pools: [{ name: 'other' }] }));
  await problem('no pool is named studio');
});
