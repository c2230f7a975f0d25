// Pictures pushed to another store by webhooks that fail half the time, while the uploader is killed: each is stored exactly once.

import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { startRelay } from '../../examples/support/relay.ts';
import { illustrate, storedBy, storyWorld } from '../../examples/support/story.ts';
import { until } from '../../support/until.ts';
import { startWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

it('each picture of a story reaches the other store once', async () => {
  const story = await storyWorld();
  const world = await startWorld({ env: story.settings });
  const example = await story.at(world.url);
  // The first attempt of each event fails: half of them before the uploader, half after it.
  const relay = await startRelay((event, attempt) => (attempt > 1 ? 'pass' : event % 2 === 0 ? 'lose' : 'forget'));
  const { server: first } = await story.startUploader(example, relay);
  const drawn = await example.run(illustrate, '--webhook', relay.url);
  expect(drawn).toMatchObject({ code: 0, text: expect.stringContaining('20 of 20 pictures are finished') });
  const [, job] = /^Job (\S+):/.exec(drawn.text)!;

  await until(() => storedBy(first).length >= 5, { what: 'the first pictures', timeoutMs: 60_000 });
  first.kill('SIGKILL');
  await first.exited;
  const beside = await Promise.all(
    Array.from({ length: 4 }, (_, at) => world.client.submit({ kind: 'image', input: { prompt: `beside ${at}` } })),
  );
  const { server: second } = await story.startUploader(example, relay);
  const began = performance.now();

  const delivered = () => relay.deliveries.filter(({ status }) => status === 204).map(({ id }) => id);
  await until(() => delivered().length === 21, { what: 'all events', timeoutMs: 120_000 });
  const recovered = performance.now() - began;
  expect(new Set(delivered()).size).toBe(21);
  const stored = await story.stored();
  const names = Array.from({ length: 20 }, (_, at) => `scene-${String(at + 1).padStart(2, '0')}-1.png`);
  for (const name of stored) await sharp(join(story.folder, 'store', name)).stats();
  // The first uploader may die between storing a picture and printing it.
  const printed = [...storedBy(first), ...storedBy(second)];
  expect(new Set(printed).size).toBe(printed.length);
  expect(printed.length).toBeGreaterThanOrEqual(19);

  const ended = await Promise.all(beside.map(({ id }) => world.client.wait(id)));
  const harmed = ended.filter(({ state }) => state !== 'succeeded').length;
  const outcomes = await outcomesOf(world.client, [job!, ...beside.map(({ id }) => id)]);
  const lost = outcomes.lost + names.filter((name) => !stored.includes(name)).length;
  expect([lost, harmed, stored]).toEqual([0, 0, names]);
  addEdgeRow({
    fault: 'webhooks that fail half the time, uploader killed',
    ...outcomes,
    lost,
    innocentsHarmed: harmed,
    recoveredAfterMs: Math.round(recovered),
  });
});
