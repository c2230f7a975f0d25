// The zip of a job: the names of its files, and what is in it when results are missing.

import { describe, expect, test } from 'vitest';
import type { Artifact, Task } from '../../../../src/client/index.ts';
import { byteTotal, fileCount, zipContents, type ZipProgress } from '../../../../src/console/pages/job/zip/contents.ts';
import { safeName } from '../../../../src/client/fileNames.ts';
import { taskFileName, UniqueNames } from '../../../../src/console/pages/job/zip/names.ts';

const artifact = (name: string, mediaType = 'image/png'): Artifact => ({
  name,
  mediaType,
  bytes: 10,
  digest: 'sha256:00',
  href: `/v1/${name}`,
});

const task = (index: number, fields: Partial<Task> = {}): Task =>
  ({
    index,
    name: null,
    run: 1,
    output: null,
    artifacts: [artifact('image')],
    completedAt: '2026-11-29T02:00:00.000Z',
    failedAt: null,
    queuedAt: '2026-11-29T01:00:00.000Z',
    ...fields,
  }) as Task;

describe('names', () => {
  test.each([
    ['front yard', 'front_yard'],
    ['../../etc/passwd', 'etc_passwd'],
    ['..', '_'],
    ['.hidden', 'hidden'],
    ['C:\\temp\\x', 'C_temp_x'],
    ['حديقة', 'حديقة'],
    ['🌻🌻', '_'],
    ['', '_'],
    ['a'.repeat(300), 'a'.repeat(80)],
    ['name.', 'name'],
  ])('%j becomes %j', (name, safe) => expect(safeName(name)).toBe(safe));

  test('are made of the task and the artifact', () => {
    expect(taskFileName({ index: 3, name: 'page-3' }, artifact('image'))).toBe('page-3-image.png');
    expect(taskFileName({ index: 3, name: null }, artifact('image', 'image/jpeg'))).toBe('3-image.jpg');
    expect(taskFileName({ index: 0, name: 'a' }, artifact('output', 'application/json; charset=utf-8'))).toBe(
      'a-output.json',
    );
    expect(taskFileName({ index: 0, name: 'a' }, artifact('odd', 'application/x-odd'))).toBe('a-odd.bin');
  });

  test('are unique, also where upper and lower case are the same', () => {
    const names = new UniqueNames();
    expect(['a.png', 'A.png', 'a.png', 'a-2.png'].map((name) => names.take(name))).toEqual([
      'a.png',
      'A-2.png',
      'a-3.png',
      'a-2-2.png',
    ]);
  });
});

describe('contents', () => {
  const bytes = new Uint8Array([1, 2, 3]);

  async function contentsOf(tasks: Task[], read: (task: number, name: string) => Promise<Uint8Array<ArrayBuffer>>) {
    const progress: ZipProgress[] = [];
    const files: Record<string, string | Uint8Array> = {};
    const contents = zipContents(
      tasks,
      ({ index }, { name }) => read(index, name),
      (next) => progress.push(next),
    );
    for await (const { name, input } of contents) files[name] = input;
    return { files, progress };
  }

  test('every result, without thumbnails, with texts that the job holds itself', async () => {
    const tasks = [
      task(0, { name: 'front', artifacts: [artifact('image'), artifact('thumbnail', 'image/jpeg')] }),
      task(1, { artifacts: [], output: { title: 'a' } }),
      task(2, { artifacts: [], output: 'once upon' }),
    ];
    const { files, progress } = await contentsOf(tasks, async () => bytes);
    expect(files).toEqual({
      'front-image.png': bytes,
      '1-output.json': '{\n  "title": "a"\n}\n',
      '2-output.txt': 'once upon',
    });
    expect(progress.at(-1)).toEqual({ done: 3, total: 3, missing: 0 });
    expect([fileCount(tasks), byteTotal(tasks)]).toEqual([3, 10]);
  });

  test('tasks of one name do not share a file', async () => {
    const { files } = await contentsOf([task(0, { name: 'a/b' }), task(1, { name: 'a b' })], async () => bytes);
    expect(Object.keys(files)).toEqual(['a_b-image.png', 'a_b-image-2.png']);
  });

  test('what cannot be read is listed, and the rest is there', async () => {
    const { files, progress } = await contentsOf(
      [task(0, { name: 'gone' }), task(1, { name: 'here' })],
      async (index) => {
        if (index === 0) throw new Error('The artifact store no longer has it');
        return bytes;
      },
    );
    expect(Object.keys(files)).toEqual(['here-image.png', 'missing.txt']);
    expect(files['missing.txt']).toContain('gone-image.png: The artifact store no longer has it');
    expect(progress.at(-1)).toEqual({ done: 2, total: 2, missing: 1 });
  });

  test('the user gives up', async () => {
    const stopped = contentsOf([task(0), task(1)], async () => {
      throw new DOMException('stopped', 'AbortError');
    });
    await expect(stopped).rejects.toThrow('stopped');
  });
});
