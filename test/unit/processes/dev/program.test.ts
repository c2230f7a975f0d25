// The commands that `genwarden dev` prints can be typed as they are.

import { expect, onTestFinished, test } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../../../src/config/shellWord.ts';
import { programName, shortPath } from '../../../../src/processes/dev/program.ts';
import { tempFolder } from '../../../support/tempFolder.ts';

const checkout = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '');

test('genwarden is npx, the name on PATH, or the path of the launcher', async () => {
  const { path: folder, remove } = await tempFolder('path');
  onTestFinished(remove);
  await writeFile(`${folder}/genwarden`, '');
  expect(programName({ env: { npm_command: 'exec', PATH: folder }, folder })).toBe('npx genwarden');
  expect(programName({ env: { PATH: `/nowhere:${folder}` }, folder })).toBe('genwarden');
  expect(programName({ env: { PATH: '/nowhere' }, folder: checkout })).toBe('bin/genwarden');
  expect(programName({ env: {}, folder })).toBe(`${checkout}/bin/genwarden`);
});

test('paths are short below the folder, and quoted only where a shell needs it', () => {
  expect(shortPath('/home/me/.genwarden/worker.env', '/home/me')).toBe('.genwarden/worker.env');
  expect(shortPath('/srv/data', '/home/me')).toBe('/srv/data');
  expect(shellWord('nats://127.0.0.1:4222')).toBe('nats://127.0.0.1:4222');
  expect(shellWord("my pool's")).toBe("'my pool'\\''s'");
});
