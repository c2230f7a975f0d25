// What `genwarden dev` says when everything has started.

import { writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startLines } from '../../../src/cli/dev/announce.ts';
import { readSettings } from '../../../src/config/load.ts';
import { devPools, needsStandIn } from '../../../src/processes/dev/pools.ts';
import { tempFolder } from '../../support/tempFolder.ts';

/** With a stand-in if one is needed; `pools` are those of a pools file. */
function linesWith(env: Record<string, string>): string[] {
  const { settings } = readSettings({ env, command: 'dev' });
  const standIn = needsStandIn(settings) ? 'http://127.0.0.1:9' : undefined;
  const served = devPools(settings, standIn).map((pool, at) => {
    return {
      ...pool,
      worker: `worker-${at + 1}`,
      join: { command: `join ${pool.pool.name}`, needs: Object.keys(env).filter((name) => name.endsWith('_KEY')) },
    };
  });
  const urls = { url: 'http://127.0.0.1:8080', consoleUrl: 'http://127.0.0.1:8080/' };
  return startLines({ ...urls, pools: served, settings }).map((line) =>
    line.replace(/\S*genwarden submit/, 'genwarden submit'),
  );
}

test('without a key: the pictures are those of a stand-in', () => {
  expect(linesWith({})).toEqual([
    'Console:  http://127.0.0.1:8080/',
    'API:      http://127.0.0.1:8080',
    'Pictures come from a stand-in, not from Gemini: set GEMINI_API_KEY for real ones.',
    'Try:      genwarden submit --prompt "a front yard" --watch',
    'One more worker, in another terminal:',
    '  join default',
  ]);
});

test('with keys: the provider, and which variable the other terminal needs', () => {
  const lines = linesWith({ GEMINI_API_KEY: 'AIza-one,AIza-two' });
  expect(lines[2]).toBe('Pictures come from Gemini with 2 keys.');
  expect(lines.at(-1)).toBe('  join default   (with GEMINI_API_KEY set)');
  expect(linesWith({ OPENAI_API_KEY: 'sk-one' })[2]).toBe('Pictures come from OpenAI with 1 key.');
});

test('an address without a key is no stand-in', () => {
  const env = { GENWARDEN_GEMINI_BASE_URL: 'http://127.0.0.1:1' };
  expect(linesWith(env)[2]).toBe('Nothing draws pictures: without a key for Gemini, tasks wait.');
});

test('with a pools file: what answers for each pool, and a submit that one of them takes', async () => {
  const pools = [
    { name: 'texts', models: ['gemini-2.5-flash'], keys: [{ key: 'AIza-one' }] },
    { name: 'spare', provider: 'openai' },
    { name: 'closed', keys: [] },
  ];
  const { path: folder, remove } = await tempFolder('pools');
  onTestFinished(remove);
  await writeFile(`${folder}/pools.json`, JSON.stringify({ pools }));
  expect(linesWith({ GENWARDEN_POOLS_FILE: `${folder}/pools.json` }).slice(2)).toEqual([
    'Pools, the worker of each, and what answers:',
    '  texts   worker-1  Gemini with 1 key',
    '  spare   worker-2  a stand-in, not OpenAI: the pool has no key',
    '  closed  worker-3  without a key for Gemini, tasks wait',
    'Try:      genwarden submit --pool texts --kind text --prompt "a front yard" --watch',
    'One more worker of a pool, in another terminal:',
    '  join texts',
    '  join spare',
    '  join closed',
  ]);
});
