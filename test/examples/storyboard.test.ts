// The storyboard: text first and then its pictures, with several keys of which one is dead; stopped, resumed, and killed meanwhile.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { keyFingerprint } from '../../src/standin/standin.ts';
import { startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { endOf, examples, examplesOf } from './support/example.ts';

const storyboard = 'storyboard/storyboard.py';
const small = { kind: 'image', bytes: 'small' } as const;
const pictures = ['picture-1.png', 'picture-2.png', 'picture-3.png', 'picture-4.png'];

it('draws with the keys that work, stops, and resumes with what is left', async () => {
  const { nats, standin } = await startInstallation({ processes: [] });
  const example = await examplesOf({ url: '' });
  const pools = join(example.folder, 'pools.json');
  const given = await readFile(`${examples}storyboard/pools.json`, 'utf8');
  await writeFile(pools, given.replace('http://127.0.0.1:9090', standin.url));
  const { url } = await startInstallation({ nats, env: { GENWARDEN_POOLS_FILE: pools } });
  const { folder, start, run } = await examplesOf({ url });
  const paid = () => standin.requests.filter(({ status }) => status === 200).length;

  standin.behave(small);
  standin.behaveForKey('second-key', { kind: 'bad-key' });
  const first = await run(storyboard, 'draw', 'a pond', '--pictures', '4');
  expect(first).toMatchObject({
    code: 0,
    text: expect.stringContaining('5 of 5 tasks are finished, with 5 paid calls'),
  });
  expect(first.text).toMatch(/picture-1 is waiting: Waits for task 0 \(text\)/);
  expect(paid()).toBe(5);
  const used = standin.requests.filter(({ status }) => status === 200).map((request) => request.keyFingerprint);
  expect(new Set(used).has(keyFingerprint('second-key'))).toBe(false);
  const again = await run(storyboard, 'draw', 'a pond', '--pictures', '4');
  expect(again).toMatchObject({ code: 0, text: expect.stringContaining('with 5 paid calls') });
  expect(paid()).toBe(5);

  // The text and two pictures; the others hang until they are stopped.
  standin.behaveForKey('second-key', undefined);
  standin.script([small, small, small, { kind: 'hang' }, { kind: 'hang' }]);
  const drawing = await start(storyboard, 'draw', 'a hedge', '--pictures', '4');
  const [, job] = /^Job (\S+)$/.exec(await drawing.waitForLine(/^Job /, 30_000))!;
  const hanging = () => standin.requests.filter(({ behaviour }) => behaviour === 'hang').length;
  await until(() => hanging() === 2, { what: 'two calls that hang', timeoutMs: 30_000 });
  const saved = () => readdir(join(folder, 'storyboards', job!));
  await drawing.waitForLine(
    () => drawing.lines.filter((line) => /picture-\d is succeeded/.test(line)).length === 2,
    30_000,
  );
  const stopped = await run(storyboard, 'stop', job!);
  expect(stopped).toEqual({ code: 0, text: `Job ${job} is cancelled. Do the rest with: storyboard.py resume ${job}` });
  const ended = await endOf(drawing);
  expect(ended).toMatchObject({
    code: 1,
    text: expect.stringContaining('3 of 5 tasks are finished, with 3 paid calls'),
  });
  const kept = await saved();
  expect(kept.filter((name) => name.endsWith('.png'))).toHaveLength(2);

  standin.behave({ kind: 'hang' });
  const left = await start(storyboard, 'resume', job!);
  await left.waitForLine(/picture-\d is running/, 30_000);
  left.kill('SIGINT');
  expect(await endOf(left)).toMatchObject({
    code: 130,
    text: expect.stringContaining(`Job ${job} continues. Come back with: storyboard.py resume ${job}`),
  });
  const killed = await start(storyboard, 'resume', job!);
  await killed.waitForLine(/picture-\d is running/, 30_000);
  killed.kill('SIGKILL');
  await killed.exited;
  expect(await run(storyboard, 'stop', job!)).toMatchObject({ code: 0 });
  standin.behave(small);

  const rest = await run(storyboard, 'resume', job!);
  expect(rest).toMatchObject({
    code: 0,
    text: expect.stringContaining('5 of 5 tasks are finished, with 5 paid calls'),
  });
  expect(paid()).toBe(10);
  expect((await saved()).toSorted()).toEqual([...pictures, 'text.json']);
  for (const name of pictures) await sharp(join(folder, 'storyboards', job!, name)).stats();
  const refused = await run(storyboard, 'stop', job!);
  expect(refused).toMatchObject({ code: 1, text: expect.stringContaining('(JobAlreadyFinished)') });
});
