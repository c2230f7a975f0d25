// Files that Windows wrote: a byte order mark is dropped wherever a person writes a file, and UTF-16 is refused with what to do.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseTokens } from '../../../src/api/auth/tokenStore.ts';
import { readSettings } from '../../../src/config/load.ts';
import { loadPools } from '../../../src/config/pools.ts';
import { reloadedFile } from '../../../src/config/reloadedFile.ts';
import { reloadKeys } from '../../../src/config/reloadKeys.ts';
import { textOfUtf8 } from '../../../src/job/json/utf8.ts';
import { runCommand } from '../../support/commandLine.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const mark = '\ufeff';
const utf16 = (text: string): Buffer => Buffer.from(mark + text, 'utf16le');

test('text is UTF-8, with or without a mark', () => {
  expect(textOfUtf8(Buffer.from('Gärten \ufeff'))).toBe('Gärten \ufeff');
  expect(textOfUtf8(Buffer.from(`${mark}Gärten`))).toBe('Gärten');
  expect(textOfUtf8(Buffer.from(''))).toBe('');
  for (const bytes of [utf16('a'), utf16('a').swap16()])
    expect(() => textOfUtf8(bytes)).toThrow('is UTF-16; save it as UTF-8');
  expect(() => textOfUtf8(Buffer.from('Gärten', 'latin1'))).toThrow('is not UTF-8: byte 0xe4 at offset 1');
});

test('a pools file, and files of keys, may begin with a mark', async () => {
  await using folder = await tempFolder();
  const [poolsFile, keyFile, keysFile] = ['pools.json', 'key', 'keys'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(poolsFile, `${mark}${JSON.stringify({ pools: [{ name: 'a', keys: [{ keyFile }] }] })}`);
  await writeFile(keyFile, `${mark}first\r\n`);
  await writeFile(keysFile, `${mark}second\r\n`);
  const env = { GENWARDEN_POOLS_FILE: poolsFile, GENWARDEN_GEMINI_API_KEYS_FILE: keysFile };
  const { settings } = readSettings({ env });
  expect(settings.gemini.apiKeys).toEqual(['second']);
  expect(loadPools(settings)[0]!.keys[0]!.secret).toBe('first');
  expect(reloadKeys(settings, 'a').keys[0]!.secret).toBe('first');

  await writeFile(poolsFile, utf16('{"pools": []}'));
  await writeFile(keysFile, utf16('second'));
  expect(() => loadPools(settings)).toThrow(/cannot read the file \(is not UTF-8: .*it is UTF-16; save it as UTF-8/);
  expect(() => readSettings({ env })).toThrow('is UTF-16; save it as UTF-8');
});

test('files of tokens and webhook secrets may begin with a mark, for the API and for the commands', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'secrets.json');
  await writeFile(path, `${mark}{"tokens": []}`);
  const options = { onReload: () => undefined, onFailure: () => undefined };
  const read = (): unknown => {
    const file = reloadedFile(
      { setting: 'GENWARDEN_AUTH_TOKENS_FILE', path },
      (text) => parseTokens(text, path),
      options,
    );
    file.close();
    return file.current();
  };
  expect(read()).toEqual([]);
  expect((await runCommand(['token', 'create', '--name', 'ci', '--file', path])).code).toBe(0);
  expect(read()).toHaveLength(1);
  await writeFile(path, utf16('{"tokens": []}'));
  expect(read).toThrow(/cannot be read \(is not UTF-8: .*it is UTF-16/);
  const refused = await runCommand(['token', 'create', '--name', 'ci', '--file', path]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`${path} is not UTF-8`)]);

  await writeFile(path, `${mark}{"secrets": []}`);
  const created = await runCommand(['webhooks', 'secret', 'create', '--file', path]);
  await writeFile(path, `${mark}${textOfUtf8(await readFile(path))}`);
  const shown = await runCommand(['webhooks', 'secret', 'show', '--file', path]);
  expect([shown.code, shown.stdout]).toEqual([0, created.stdout]);
});
