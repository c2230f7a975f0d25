// API keys that were pasted with invisible characters, quotes or spaces are refused at the start, whatever their source.

import { expect, test } from 'vitest';
import { keyProblem } from '../../../src/config/apiKeys.ts';
import { loadSettings } from '../../../src/config/load.ts';
import { loadPools } from '../../../src/config/pools.ts';
import { GenwardenError } from '../../../src/job/errors/index.ts';

const zeroWidthSpace = '\u200B';
const bom = '\uFEFF';
const noBreakSpace = '\u00A0';

function refusal(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(GenwardenError);
    return (error as Error).message;
  }
  return expect.fail('nothing was refused');
}

const ofSettings = (env: Record<string, string>, files: Record<string, string> = {}): string =>
  refusal(() => loadSettings({ env, files: (path) => files[path]! }));

test.each([
  [`sesame${zeroWidthSpace}one`, 'contains an invisible character (U+200B)'],
  [`${bom}sesame`, 'contains an invisible character (U+FEFF)'],
  [`sesame${noBreakSpace}`, 'contains an invisible character (U+00A0)'],
  ['sesame\u00ADone', 'contains an invisible character (U+00AD)'],
  ['sesame\u202E', 'contains an invisible character (U+202E)'],
  ['sesame\u3164', 'contains an invisible character (U+3164)'],
  ['sesame\u0000', 'contains an invisible character (U+0000)'],
  ['sesam\u00E9', 'contains a character that is not ASCII (U+00E9)'],
  ['s\u0435same', 'contains a character that is not ASCII (U+0435)'],
  ['sesame\u{1F600}', 'contains a character that is not ASCII (U+1F600)'],
  ['"sesame"', 'contains a quote'],
  ["'sesame", 'contains a quote'],
  ['sesame one', 'contains a space'],
])('%j %s', (key, problem) => {
  expect(keyProblem(key)).toBe(problem);
});

test('a key as providers make them is accepted', () => {
  const keys = ['AIzaSyA-0123456789_abcdefghijklmnopqrstuvw', 'sk-proj-abc.DEF_123', 'AQ.Ab8RN6'];
  for (const key of keys) expect(keyProblem(key)).toBeUndefined();
  const { gemini } = loadSettings({ env: { GENWARDEN_GEMINI_API_KEYS: ` ${keys.join(' ,\r\n')}\n` } });
  expect(gemini.apiKeys).toEqual(keys);
});

test('a variable is named with the entry, and never quoted', () => {
  const message = ofSettings({ GENWARDEN_GEMINI_API_KEYS: `good,,sesame${zeroWidthSpace},"sesame"` });
  const name = 'GENWARDEN_GEMINI_API_KEYS (set, 22 characters)';
  expect(message).toContain(`${name}: entry 2 contains an invisible character (U+200B)`);
  expect(message).toContain(`${name}: entry 3 contains a quote`);
  expect(message).not.toContain('sesame');
  expect(ofSettings({ GENWARDEN_GEMINI_API_KEYS: `sesame${noBreakSpace}` })).toContain(': entry 1 contains');
  expect(ofSettings({ GEMINI_API_KEY: `sesame${bom}` })).toContain(
    'GEMINI_API_KEY (set, 7 characters): entry 1 contains',
  );
});

test('a file is named with the line', () => {
  const files = { '/keys': `\ngood\n\nsesame${noBreakSpace}\n` };
  const message = ofSettings({ GENWARDEN_GEMINI_API_KEYS_FILE: '/keys' }, files);
  expect(message).toContain('GENWARDEN_GEMINI_API_KEYS_FILE');
  expect(message).toContain(': /keys line 4 contains an invisible character (U+00A0)');
  expect(message).not.toContain('sesame');
});

test('the pools file is named with the place, and a separate file of a key with its path', () => {
  const pools = {
    pools: [{ name: 'a', keys: [{ key: 'good' }, { key: `sesame${zeroWidthSpace}` }] }, { name: 'b' }],
  };
  const settings = loadSettings({ env: { GENWARDEN_POOLS_FILE: '/pools.json' } });
  const inline = refusal(() => loadPools(settings, () => JSON.stringify(pools)));
  expect(inline).toContain('pools[0].keys[1].key: contains an invisible character (U+200B)');
  const apart = { pools: [{ name: 'a', keys: [{ keyFile: '/key' }] }] };
  const files = (path: string): string => (path === '/key' ? `${bom}sesame\n` : JSON.stringify(apart));
  const separate = refusal(() => loadPools(settings, files));
  expect(separate).toContain('pools[0].keys[0].keyFile: the key in /key contains an invisible character (U+FEFF)');
  for (const message of [inline, separate]) expect(message).not.toContain('sesame');
});
