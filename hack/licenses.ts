// The licenses of the packages in a bundle, which ask to be passed on with it.

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** `inputs` are the paths of the bundled files. Packages without a license file are listed with their `license` field. */
export async function licensesOf(inputs: readonly string[]): Promise<string> {
  const packages = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []);
  const texts = [...new Set(packages)].toSorted().map(licenseOf);
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}

async function licenseOf(path: string): Promise<string> {
  const folder = join(root, path.slice(path.indexOf('node_modules/')));
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) throw new Error(`No package.json in ${folder}`);
  const { name, license } = JSON.parse(await readFile(manifest, 'utf8')) as { name: string; license?: string };
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file !== undefined) return `${name}\n\n${await readFile(join(folder, file), 'utf8')}`;
  if (license === undefined) throw new Error(`The package ${name} names no license`);
  return `${name}\n\nLicense: ${license}\n`;
}
