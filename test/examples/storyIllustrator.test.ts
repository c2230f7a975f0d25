// The story illustrator: 20 pictures, each pushed by webhook to the uploader and stored exactly once, although deliveries get lost or
// arrive twice, a picture fails, and the illustrator dies.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { startRelay, type Treatment } from './support/relay.ts';
import { illustrate, storedBy, storyFile, storyWorld } from './support/story.ts';

it('each picture is stored once', async () => {
  const story = await storyWorld();
  const { standin, url } = await startInstallation({ env: story.settings });
  standin.behave({ kind: 'image', bytes: 'small' });
  const example = await story.at(url);
  const relay = await startRelay((event, attempt) => (attempt > 1 ? 'pass' : (treatments[event] ?? 'pass')));
  const { server, hook } = await story.startUploader(example, relay);

  const scenes = (await readFile(storyFile, 'utf8')).trimEnd().split('\n');
  expect(scenes).toHaveLength(20);
  scenes[6] += ' [standin: refuse-output IMAGE_SAFETY x1]';
  const file = join(story.folder, 'story.txt');
  await writeFile(file, scenes.join('\n'));
  const args = [illustrate, '--story', file, '--webhook', relay.url];
  const killed = await example.start(...args);
  await killed.waitForLine(/^Job \S+: 0 of 20 pictures are finished$/, 30_000);
  killed.kill('SIGKILL');
  const failed = await example.run(...args);
  expect(failed).toMatchObject({ code: 1, text: expect.stringContaining('19 of 20 pictures are finished') });
  expect(failed.text).toMatch(/scene-07 is failed: OutputRefused: .*IMAGE_SAFETY/);
  const retried = await example.run(...args, '--retry');
  expect(retried).toMatchObject({ code: 0, text: expect.stringContaining('20 of 20 pictures are finished') });
  expect(standin.requests).toHaveLength(21);

  // 20 pictures, and the job finished twice: it failed, and after the retry it succeeded.
  const delivered = () => relay.deliveries.filter(({ status }) => status === 204);
  await until(() => delivered().length === 22, { what: 'all events', timeoutMs: 60_000 });
  expect(new Set(delivered().map(({ id }) => id)).size).toBe(22);
  const failures = relay.deliveries.filter(({ status }) => status === 500).length;
  expect(failures).toBe(treatments.filter((treatment) => treatment !== 'pass').length);

  const names = scenes.map((_, at) => `scene-${String(at + 1).padStart(2, '0')}-${at === 6 ? 2 : 1}.png`);
  expect(await story.stored()).toEqual(names);
  for (const name of names) await sharp(join(story.folder, 'store', name)).stats();
  await server.waitForLine(/^Job \S+ is succeeded$/, 30_000);
  const lines = (form: RegExp) => server.lines.filter((line) => form.test(line)).length;
  expect(storedBy(server).toSorted()).toEqual(names);
  expect([lines(/\.png is stored already$/), lines(/^Job \S+ is failed$/)]).toEqual([2, 1]);

  // The uploader trusts the signature alone.
  const { headers, body } = delivered().find(({ id }) => id.includes('-succeeded'))!;
  const post = (sent: Record<string, string>, text: Buffer | string) =>
    fetch(hook, { method: 'POST', headers: sent, body: text });
  expect((await post(headers, body.toString().replace('scene-', 'other-'))).status).toBe(401);
  expect((await post({ ...headers, 'webhook-id': 'another' }, body)).status).toBe(401);
  expect((await post({ ...headers, 'webhook-timestamp': '1700000000' }, body)).status).toBe(401);
  expect((await post({}, body)).status).toBe(401);
  expect((await post(headers, body)).status).toBe(204);
  expect(await story.stored()).toEqual(names);
});

/** Of the first attempt of the first events. */
const treatments: readonly Treatment[] = ['lose', 'forget', 'pass', 'forget', 'lose'];
