// A build of the next major schema: this build's sources with another schema number in every message that it writes. It reads
// the messages of both, as a real one would.

import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { tempFolder } from '../../support/tempFolder.ts';
import type { Adapters } from './world.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Build {
  /** The path of its program. */
  readonly program: string;
  readonly adapters: Adapters;
}

/** Removed at the end of the test. */
export async function newerBuild(): Promise<Build> {
  const folder = await tempFolder('newer');
  onTestFinished(() => folder.remove());
  const { path } = folder;
  await mkdir(join(path, 'bin'));
  for (const part of ['src', 'package.json', 'bin/genwarden', 'examples']) {
    await cp(join(root, part), join(path, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(path, 'node_modules'));
  const codec = join(path, 'src/adapters/nats/stream/codec.ts');
  const text = await readFile(codec, 'utf8');
  const newer = text
    .replace(/schemaVersion = '1\.\d+'/, "schemaVersion = '3.0'")
    .replace('schemaMajor = 2', 'schemaMajor = 3');
  if (newer.split('3').length !== text.split('3').length + 2) throw new Error('the codec names its schema otherwise');
  await writeFile(codec, newer);
  const adapters = (await import(/* @vite-ignore */ join(path, 'src/adapters/nats/index.ts'))) as Adapters;
  return { program: join(path, 'bin/genwarden'), adapters };
}
