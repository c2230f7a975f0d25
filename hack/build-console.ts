// Builds the console, src/console, into dist/console or the folder of the argument: one script, one style sheet, each also
// compressed, and the page that loads them. A running API keeps serving the old files until the new page replaces the old one.

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'esbuild';
import { licensesOf } from './licenses.ts';

const root = join(import.meta.dirname, '..');
const source = join(root, 'src/console');
const target = process.argv[2] ?? join(root, 'dist/console');

const { outputFiles, metafile } = await build({
  entryPoints: { app: join(source, 'main.tsx') },
  outdir: target,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2023', 'chrome123', 'firefox120', 'safari17.5'],
  tsconfig: join(source, 'tsconfig.json'),
  legalComments: 'none',
  metafile: true,
  write: false,
});
const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
files.set('icon.svg', await readFile(join(source, 'icon.svg')));
files.set('licenses.txt', Buffer.from(await licensesOf(Object.keys(metafile.inputs))));

const named = (ending: string): string => [...files.keys()].find((name) => name.endsWith(ending))!;
const page = (await readFile(join(source, 'index.html'), 'utf8'))
  .replace('{{js}}', named('.js'))
  .replace('{{css}}', named('.css'));

await mkdir(target, { recursive: true });
for (const [name, contents] of files) await place(name, contents);
await place('index.html', Buffer.from(page));
await removeOld();

/** With its compressed forms. A file is never seen half written. */
async function place(name: string, contents: Uint8Array): Promise<void> {
  const forms = { '': contents, '.br': await brotli(contents), '.gz': await promisify(gzip)(contents, { level: 9 }) };
  for (const [ending, bytes] of Object.entries(forms)) {
    const path = join(target, name + ending);
    await writeFile(`${path}.${process.pid}`, bytes);
    await rename(`${path}.${process.pid}`, path);
  }
}

function brotli(contents: Uint8Array): Promise<Buffer> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return promisify(brotliCompress)(contents, { params });
}

async function removeOld(): Promise<void> {
  const current = new Set([...files.keys(), 'index.html']);
  for (const name of await readdir(target)) {
    if (!current.has(name.replace(/\.(?:br|gz)$/, ''))) await rm(join(target, name), { force: true });
  }
}
