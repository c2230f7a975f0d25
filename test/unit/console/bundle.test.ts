// What a browser downloads before the console shows something stays small, and comes from the API alone.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'dist/console');

beforeAll(() => promisify(execFile)(process.execPath, [join(root, 'hack/build-console.ts')]), 60_000);

const filesEnding = async (ending: RegExp): Promise<string[]> =>
  (await readdir(folder)).filter((name) => ending.test(name));

test('script and style sheet are at most 150 kB together, compressed', async () => {
  const names = await filesEnding(/\.(?:js|css)\.br$/);
  const kinds = names.map((name) => name.replace(/-.*(?=\.(?:js|css))/, '')).toSorted();
  expect(kinds).toEqual(['app.css.br', 'app.js.br']);
  const sizes = await Promise.all(names.map(async (name) => (await readFile(join(folder, name))).length));
  const sum = sizes.reduce((total, size) => total + size, 0);
  expect(sum).toBeGreaterThan(10_000);
  expect(sum).toBeLessThanOrEqual(150_000);
});

test('the page and the style sheet load nothing but files of the console', async () => {
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  const loaded = Array.from(page.matchAll(/(?:src|href)="([^"]*)"/g), ([, address]) => address!);
  expect(loaded.length).toBeGreaterThanOrEqual(3);
  for (const address of loaded) expect(address).toMatch(/^\{\{base\}\}console\/[\w.-]+$/);
  expect(page).not.toMatch(/<style|style="|<script(?![^>]* src=)/);
  const [sheet] = await filesEnding(/\.css$/);
  const css = await readFile(join(folder, sheet!), 'utf8');
  const urls = Array.from(css.matchAll(/url\(([^)]*)\)|@import[^;]*/g), ([whole]) => whole);
  expect(urls.filter((url) => !url.includes('data:'))).toEqual([]);
});
