// The bytes that a browser downloads before the console shows something.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../dist/console');

/** Rows of name, bytes and bytes with brotli; the last one is the sum. */
export async function bundleSizes(): Promise<string[][]> {
  const names = (await readdir(folder)).filter((name) => /\.(?:js|css|html|svg)$/.test(name)).toSorted();
  const sizeOf = async (name: string): Promise<number> => (await readFile(join(folder, name))).length;
  const sizes = await Promise.all(names.map(async (name) => [await sizeOf(name), await sizeOf(`${name}.br`)] as const));
  const rows = names.map((name, at) => [name.replace(/-[\w-]{8,}(?=\.)/, ''), ...sizes[at]!.map(String)]);
  const sum = (form: 0 | 1): string => String(sizes.reduce((total, size) => total + size[form], 0));
  return [...rows, ['all', sum(0), sum(1)]];
}
