// The files of `submit --file`: mistakes are named with their place before any request, and nothing in them is replaced.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FakeApi } from '../../fakes/fakeApi.ts';
import { runCommand } from '../../support/commandLine.ts';
import { tempFolder } from '../../support/tempFolder.ts';

test.each([
  [
    'a comma too many',
    '{\n  "kind": "image",\n}',
    ' is not JSON: line 3, column 1: expected a key in double quotes, but',
  ],
  ['a key twice', '{"kind": "image", "kind": "text"}', ': kind appears twice in its object'],
  ['half of a character', '{"metadata": ["\\ud800"]}', ': metadata[0] contains \\ud800, half of a surrogate pair'],
  ['Latin-1', Buffer.from('{"input": {"prompt": "caf\xe9"}}', 'latin1'), ' is not UTF-8: byte 0xe9 at offset 25'],
  ['a list', '\ufeff[]', ' is not a JSON object'],
])('%s', async (_name, content, message) => {
  await using folder = await tempFolder('job');
  await using api = await FakeApi.start();
  const file = join(folder.path, 'job.json');
  await writeFile(file, content);
  const { code, stdout, stderr } = await runCommand(['submit', '--file', file], { env: api.env });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(file + message);
  expect(api.requests).toEqual([]);
});
