// docs/http.md lists the provider options that jobs may set, and which of them a pool must name.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { geminiOptions } from '../../../src/job/providerOptions/gemini.ts';
import { openaiOptions } from '../../../src/job/providerOptions/openai.ts';

const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8');

test.each([
  ['Gemini', geminiOptions],
  ['OpenAI', openaiOptions],
])('%s', (provider, { options }) => {
  const table = new RegExp(`^\\| option of ${provider} [^]*?\\n\\n`, 'm').exec(page)![0];
  const rows = [...table.matchAll(/^\| `(\w+)` +\| (default)? *\|/gm)];
  const shown = Object.fromEntries(rows.map(([, name = '', isDefault]) => [name, isDefault === 'default']));
  expect(shown).toEqual(Object.fromEntries(Object.entries(options).map(([name, { optIn }]) => [name, !optIn])));
});
