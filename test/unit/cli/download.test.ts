// `genwarden download`: files named by tasks and artifacts, never outside the folder, and only with matching digests.

import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { folderNames } from '../../../src/cli/client/downloadJob.ts';
import { fileName, safeName } from '../../../src/client/fileNames.ts';
import type { Task } from '../../../src/client/index.ts';
import { missingLines } from '../../../src/cli/client/downloadMissing.ts';
import { runCommand } from '../../support/commandLine.ts';
import { digestOf, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { tempFolder } from '../../support/tempFolder.ts';

/** A succeeded task of job1 whose artifacts the API serves; each holds its own name. */
function made(api: FakeApi, index: number, name: string | null, artifacts: Record<string, string>): Task {
  const refs = Object.entries(artifacts).map(([artifact, mediaType]) => {
    const bytes = Buffer.from(`${artifact} of ${index}`);
    api.putBytes(`/v1/jobs/job1/tasks/${index}/artifacts/${encodeURIComponent(artifact)}`, bytes);
    return { name: artifact, mediaType, bytes: bytes.length, digest: digestOf(bytes), href: '' };
  });
  return fakeTask(index, 'succeeded', { name, artifacts: refs });
}

const picture = { image: 'image/png', thumbnail: 'image/png', metadata: 'application/json' };
const download = (api: FakeApi, to: string, ...more: string[]) =>
  runCommand(['download', 'job1', '--to', to, ...more], { env: api.env });
const filesIn = async (path: string): Promise<string[]> =>
  (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();

test('one task: its files go into the folder itself, which is created', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  api.put(fakeJob('job1', [made(api, 0, 'front-yard', picture)]));
  const to = join(folder.path, 'new', 'folder');
  const { code, stdout } = await download(api, to);
  expect(code).toBe(0);
  expect(stdout).toBe(`${to}/image.png (10 B)\n${to}/thumbnail.png (14 B)\n${to}/metadata.json (13 B)\n`);
  expect(await filesIn(to)).toEqual(['image.png', 'metadata.json', 'thumbnail.png']);
  expect(await readFile(join(to, 'image.png'), 'utf8')).toBe('image of 0');
  expect(api.requests.at(-1)!.query.get('run')).toBe('1');

  // Again: the files are replaced.
  await writeFile(join(to, 'image.png'), 'old');
  expect((await download(api, to)).code).toBe(0);
  expect(await readFile(join(to, 'image.png'), 'utf8')).toBe('image of 0');
  expect(await filesIn(to)).toHaveLength(3);
});

test('several tasks: one folder each, by name or index, unique even if names are equal', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  const names = ['front-yard', null, 'Front-Yard', '../../etc', '..', 'a/b', '図面 1'];
  const tasks = names.map((name, index) => made(api, index, name, { image: 'image/jpeg' }));
  const unfinished = fakeTask(7, 'failed', { name: 'no-picture' });
  const text = fakeTask(8, 'succeeded', { name: 'text', output: { plants: ['sage'] } });
  api.put(fakeJob('job1', [...tasks, unfinished, text]));
  const { code, stdout } = await download(api, folder.path, '-o', 'json');
  expect(code).toBe(1);
  const folders = ['1', 'Front-Yard-2', '_', 'a_b', 'etc', 'front-yard', '図面_1'];
  expect(await filesIn(folder.path)).toEqual(
    [...folders.map((name) => `${name}/image.jpg`), 'text/output.json'].sort(),
  );
  expect(JSON.parse(stdout)).toHaveLength(8);
  expect(JSON.parse(await readFile(join(folder.path, 'text', 'output.json'), 'utf8'))).toEqual({ plants: ['sage'] });
});

test('nothing is written through links to folders or files', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  const [to, outside] = [join(folder.path, 'to'), join(folder.path, 'outside')];
  await mkdir(to);
  await mkdir(outside);
  await writeFile(join(outside, 'precious'), 'precious');
  await symlink(join(outside, 'precious'), join(to, 'image.png'));
  api.put(fakeJob('job1', [made(api, 0, 'one', { image: 'image/png' })]));
  expect((await download(api, to)).code).toBe(0);
  expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('precious');
  expect(await readFile(join(to, 'image.png'), 'utf8')).toBe('image of 0');

  await symlink(outside, join(to, 'one'));
  api.put(fakeJob('job1', [made(api, 0, 'one', picture), made(api, 1, 'two', picture)]));
  const { code, stderr } = await download(api, to);
  expect(code).toBe(2);
  expect(stderr).toContain('link that leads out of the folder');
  expect(await filesIn(outside)).toEqual(['precious']);
});

test('bytes that do not match their digest are not saved', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  api.put(fakeJob('job1', [made(api, 0, null, picture)]));
  api.putBytes('/v1/jobs/job1/tasks/0/artifacts/thumbnail', Buffer.from('other bytes'));
  const { code, stderr } = await download(api, folder.path);
  expect(code).toBe(1);
  expect(stderr).toContain('thumbnail of task 0 do not match its digest');
  expect(await filesIn(folder.path)).toEqual(['image.png']);
});

test('what is missing is reported with the reason and the next command; after failures the exit code is 1', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  const to = folder.path;
  api.put(fakeJob('job1', [fakeTask(0, 'failed')]));
  expect(await download(api, to)).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'genwarden: job job1 has no result: 1 failed\n' +
      '  task 0: AttemptTimeout: No answer within 30 s\n' +
      '    Look at the provider.\n' +
      `  Run them again, and save what they make: genwarden retry job1 && genwarden download job1 --to ${to} --watch\n`,
  });
  const waitingFor = { reason: 'NoWorkers', until: null, detail: 'No worker serves pool default' } as const;
  api.put(fakeJob('job1', [fakeTask(0, 'queued', { name: 'walkway', waitingFor })]));
  expect(await download(api, to)).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'genwarden: job job1 has no result: 1 is queued\n' +
      '  walkway is queued: No worker serves pool default\n' +
      `  Save the rest as it arrives: genwarden download job1 --to ${to} --watch\n`,
  });
  const cancelled = Array.from({ length: 7 }, (_, index) => fakeTask(index + 1, 'cancelled'));
  api.put(fakeJob('job1', [made(api, 0, 'one', { image: 'image/png' }), ...cancelled]));
  const some = await download(api, to);
  expect(some).toMatchObject({ code: 1, stdout: `${to}/one/image.png (10 B)\n` });
  expect(some.stderr).toMatch(
    /^genwarden: 7 of 8 tasks of job job1 have no result: 7 were cancelled\n {2}task 1 is cancelled: /,
  );
  expect(some.stderr).toMatch(/\n {2}2 more are in `genwarden get job1`\n/);
  const open = [made(api, 0, 'one', { image: 'image/png' }), fakeTask(1, 'running')];
  api.put(fakeJob('job1', open));
  const early = await download(api, to);
  expect(early).toMatchObject({ code: 0, stdout: `${to}/one/image.png (10 B)\n` });
  expect(early.stderr).toMatch(/^genwarden: 1 of 2 tasks of job job1 has no result: 1 is running\n/);
});

test('the commands to copy are those of the kubectl plugin if it downloads', () => {
  const job = fakeJob('job1', [fakeTask(0, 'failed')]);
  const plugin = { connect: () => Promise.reject(new Error('unused')) };
  expect(missingLines(plugin, { ...job, tenant: 'team-a' }, 'my pictures').at(-1)).toBe(
    '  Run them again, and save what they make: kubectl genwarden retry job1 -n team-a && ' +
      "kubectl genwarden download job1 --to 'my pictures' --watch -n team-a",
  );
});

test('a file that is there already is not downloaded again', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  api.put(fakeJob('job1', [made(api, 0, null, picture)]));
  const first = await download(api, folder.path);
  const asked = api.requests.length;
  expect(await download(api, folder.path)).toEqual(first);
  expect(api.requests.slice(asked).map(({ path }) => path)).not.toContainEqual(expect.stringContaining('/artifacts/'));
});

test('a folder that cannot be created is a usage error', async () => {
  await using api = await FakeApi.start();
  await using folder = await tempFolder();
  api.put(fakeJob('job1', [made(api, 0, null, picture)]));
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  expect(await download(api, file)).toMatchObject({ code: 2, stdout: '' });
  expect((await runCommand(['download', 'job1'], { env: api.env })).code).toBe(2);
});

test('every name becomes a safe one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
      const safe = safeName(name);
      expect(safe).toMatch(/^(?:_|[\p{L}\p{M}\p{N}-][\p{L}\p{M}\p{N}._-]{0,79})$/u);
      expect(safe.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(safe)).toBeLessThan(250);
    }),
  );
  expect(['.hidden', 'a.b', 'con/../x', 'é', ''].map(safeName)).toEqual(['hidden', 'a.b', 'con_.._x', 'é', '_']);
  expect(fileName({ name: '../image', mediaType: 'Image/PNG; a=b' })).toBe('image.png');
  expect(fileName({ name: 'x', mediaType: 'application/x-thing' })).toBe('x.bin');
});

test('no two tasks share a folder, even on a file system that ignores case', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.constantFrom('a', 'A', '1', 'a-1', 'A-2', '_', '/'))), (names) => {
      const folders = [...folderNames(names.map((name, index) => ({ index, name }))).values()];
      expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(names.length);
    }),
  );
});
