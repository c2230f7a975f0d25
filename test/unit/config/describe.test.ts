// The output of `genwarden config`, the flags of each command, and their documentation.

import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeSettings, flagsFor } from '../../../src/config/describe.ts';
import { readSettings } from '../../../src/config/load.ts';
import { settingDefinitions } from '../../../src/config/settings.ts';
import { settingsTables } from './settingsPage.ts';

test('each setting is shown with its value and source, secrets only with their length', () => {
  const { resolved } = readSettings({
    env: {
      GENWARDEN_POOL: 'photos',
      GEMINI_API_KEY: 'sesame-1234',
      GENWARDEN_TOKEN_FILE: '/token',
      GENWARDEN_NATS_URL: 'nats://u:sesame@h',
    },
    flags: { httpPort: 9090 },
    files: () => 'sesame',
  });
  const described = describeSettings(resolved);
  const shown = (variable: string): string => {
    const setting = described.find((one) => one.variable === variable);
    return `${setting?.value} from ${setting?.source}`;
  };
  expect(shown('GENWARDEN_POOL')).toBe('photos from env GENWARDEN_POOL');
  expect(shown('GENWARDEN_HTTP_PORT')).toBe('9090 from flag --http-port');
  expect(shown('GENWARDEN_GEMINI_API_KEYS')).toBe('(set, 11 characters) from env GEMINI_API_KEY');
  expect(shown('GENWARDEN_TOKEN')).toBe('(set, 6 characters) from file GENWARDEN_TOKEN_FILE');
  expect(shown('GENWARDEN_RETENTION')).toBe('7d from default');
  expect(shown('GENWARDEN_POOLS_FILE')).toBe('undefined from unset');
  expect(described).toHaveLength(settingDefinitions.length);
  expect(JSON.stringify(described)).not.toContain('sesame');
});

test('a command has the flags of its settings; a secret has a flag only for its file', () => {
  const client = flagsFor('client');
  expect(client.map(({ flags }) => flags)).toEqual([
    '--url <url>',
    '--token-file <path>',
    '--log-level <choice>',
    '--log-format <choice>',
  ]);
  expect(client[0]!.description).toContain('default http://127.0.0.1:8080; env GENWARDEN_URL');
  const worker = flagsFor('worker').map(({ attribute }) => attribute);
  expect(worker).toContain('geminiApiKeysFile');
  expect(worker).not.toContain('geminiApiKeys');
  expect(worker).not.toContain('httpPort');
});

test('no two settings share a variable, a flag or a path', () => {
  for (const key of ['variable', 'flag', 'flagAttribute'] as const) {
    const names = settingDefinitions.map((definition) => definition[key]);
    expect(new Set(names).size).toBe(names.length);
  }
});

test('docs/configuration.md lists every setting (UPDATE_DOCS=1 writes the tables)', () => {
  const path = new URL('../../../docs/configuration.md', import.meta.url);
  const page = readFileSync(path, 'utf8');
  const [before, table, after] = page.split(/(?<=<!-- settings -->)|(?=<!-- end of settings -->)/);
  const expected = settingsTables(settingDefinitions);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, `${before}\n\n${expected}\n\n${after}`);
  else expect(linesOf(table!)).toEqual(linesOf(expected));
});

/** The headings and rows, without the blanks and dashes that only align the columns. */
function linesOf(tables: string): string[] {
  const lines = tables.split('\n').filter((line) => line.startsWith('|') || line.startsWith('#'));
  return lines.map((line) => line.replaceAll(/\s*\|\s*/g, '|').replaceAll(/-{3,}/g, '---'));
}
