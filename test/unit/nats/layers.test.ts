// The folders of the NATS adapter depend on each other in one direction only.

import { dirname, posix } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf } from '../../tidy/imports.ts';
import { filesUnder, type SourceFile } from '../../tidy/repository.ts';

const adapter = 'src/adapters/nats';

/** The folders that each folder may import from, besides itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  link: [],
  heartbeats: ['link'],
  jetstream: ['link'],
  stream: ['link', 'jetstream'],
  artifacts: ['link', 'jetstream', 'stream'],
  kv: ['link', 'jetstream', 'stream'],
  clock: ['link', 'jetstream', 'kv'],
  keys: ['link', 'jetstream', 'kv'],
  log: ['link', 'jetstream', 'stream', 'kv'],
  queue: ['link', 'jetstream', 'stream', 'log'],
};

const targetsOf = ({ path, text }: SourceFile): string[] =>
  importsOf(text)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(dirname(path), name));

const folderOf = (path: string): string => path.slice(adapter.length + 1).split('/')[0]!;

test.each(Object.entries(mayImport))('%s imports only from %j', (folder, allowed) => {
  const files = filesUnder(`${adapter}/${folder}`);
  expect(files.length).toBeGreaterThan(0);
  const others = files
    .flatMap(targetsOf)
    .filter((target) => target.startsWith(`${adapter}/`))
    .map(folderOf);
  expect(others.filter((other) => other !== folder && !allowed.includes(other))).toEqual([]);
});

test('link and jetstream know nothing of tasks and jobs', () => {
  const core = [...filesUnder(`${adapter}/link`), ...filesUnder(`${adapter}/jetstream`)].flatMap(targetsOf);
  const pure = ['backoff.ts', 'duration.ts', 'errors/index.ts', 'storage.ts', 'time.ts'].map(
    (name) => `src/job/${name}`,
  );
  const known = [...pure, 'src/job/logEvents/index.ts', 'src/ports/storageHealth.ts'];
  const outside = core.filter((target) => target.startsWith('src/job/') || target.startsWith('src/ports/'));
  expect(outside.filter((target) => !known.includes(target))).toEqual([]);
});
