// The garden designer: several areas in one job, before and after, one that fails, retries, and a program that dies.

import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { freePort } from '../support/freePorts.ts';
import { startInstallation } from '../support/installation.ts';
import { photo } from '../support/pictures.ts';
import { endOf, examples, examplesOf, type Examples } from './support/example.ts';

const design = 'garden-designer/design.ts';
const areas = ['front-yard', 'walkway', 'entrance'];

/** A garden of the example's areas; `wishes` adds to what is wished for an area. */
async function garden({ folder }: Examples, name: string, wishes: Record<string, string> = {}): Promise<string> {
  const given = JSON.parse(await readFile(`${examples}garden-designer/garden.json`, 'utf8')) as {
    areas: { name: string; wish: string; photo: string }[];
  };
  expect(given.areas.map((area) => area.name)).toEqual(areas);
  for (const area of given.areas) {
    area.wish += ` ${name} ${wishes[area.name] ?? ''}`;
    area.photo = 'photo.jpg';
  }
  await cp(`${examples}front-yard.jpg`, join(folder, 'photo.jpg'));
  await writeFile(join(folder, `${name}.json`), JSON.stringify(given));
  return `${name}.json`;
}

it('designs every area once, says why one failed or was refused, and repeats only that one', async () => {
  const { standin, url } = await startInstallation();
  standin.behave({ kind: 'image', bytes: 'small' });
  const example = await examplesOf({ url });
  const file = await garden(example, 'one', { entrance: '[standin: refuse-output IMAGE_SAFETY x1]' });

  const first = await example.run(design, file, '--to', 'designs');
  expect(first.code).toBe(1);
  expect(first.text).toMatch(/entrance is failed: OutputRefused: .*IMAGE_SAFETY.*Change the prompt/);
  expect(first.text).toContain('2 of 3 areas in ');
  expect(first.text).toContain('run the same command with --retry');
  for (const area of ['front-yard', 'walkway']) {
    const after = join(example.folder, `designs/${area}-after.png`);
    expect((await sharp(after).stats()).channels.length).toBeGreaterThanOrEqual(3);
    expect(await readFile(join(example.folder, `designs/${area}-before.jpg`))).toEqual(photo);
  }
  expect(standin.requests).toHaveLength(3);
  expect(standin.requests.map(({ references }) => references)).toEqual([1, 1, 1]);

  const again = await example.run(design, file, '--to', 'designs', '--retry');
  expect(again).toMatchObject({ code: 0, text: expect.stringContaining('3 of 3 areas in ') });
  const page = await readFile(join(example.folder, 'designs/index.html'), 'utf8');
  for (const area of areas) expect(page).toContain(`<img src="${area}-after.png"`);
  expect(standin.requests).toHaveLength(4);

  expect(await example.run(design, file, '--to', 'elsewhere')).toMatchObject({ code: 0 });
  await sharp(join(example.folder, 'elsewhere/entrance-after.png')).stats();

  await writeFile(join(example.folder, 'photo.jpg'), photo.subarray(0, 5_000));
  const broken = await example.run(design, file);
  expect(broken).toMatchObject({ code: 1, text: expect.stringMatching(/^InvalidImage: .*cut off.*\n.+/) });
  expect(standin.requests).toHaveLength(4);
});

it('says why areas wait, and the job continues through Ctrl-C and the death of the program', async () => {
  const { standin, url, client } = await startInstallation();
  const example = await examplesOf({ url });
  const file = await garden(example, 'two');

  await client.pausePool('default');
  const stopped = await example.start(design, file);
  await stopped.waitForLine(/walkway is queued: Pool default is paused/, 30_000);
  stopped.kill('SIGINT');
  const { code, text } = await endOf(stopped);
  expect(code).toBe(130);
  const [, job] = /^Job (\S+) continues\. Run the same command to come back, or: genwarden watch \1$/m.exec(text)!;

  standin.behave({ kind: 'image', bytes: 'small', latencyMs: 1_000 });
  const killed = await example.start(design, file);
  await killed.waitForLine(new RegExp(`^Job ${job}: 3 areas`), 30_000);
  await client.resumePool('default');
  await standin.waitFor((requests) => requests.length === 3, 20_000);
  killed.kill('SIGKILL');
  await killed.exited;

  const ended = await example.run(design, file);
  expect(ended).toMatchObject({ code: 0, text: expect.stringContaining(`Job ${job}: 3 areas`) });
  for (const area of areas) await sharp(join(example.folder, `garden-design/${area}-after.png`)).stats();
  expect(standin.requests).toHaveLength(3);
});

it('says what to do when no API answers', async () => {
  const example = await examplesOf({ url: `http://127.0.0.1:${await freePort()}` });
  const ended = await example.run(design, await garden(example, 'three'));
  expect(ended).toEqual({
    code: 1,
    text: expect.stringMatching(/^NoAnswer: No answer from .*ECONNREFUSED.*\n.*running/),
  });
});
