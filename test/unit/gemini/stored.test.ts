// What the stand-in answers, through the SDK and a worker: an image is stored as what it is, whatever its label says, and one call
// is paid for.

import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import { fileName } from '../../../src/client/fileNames.ts';
import { startWorld, type World } from '../../fakes/workerWorld.ts';
import { useStandin } from './gemini.ts';

const bench = useStandin();
let world: World;
afterEach(() => world.worker.drain());

test.each([
  [{ mimeType: 'image/png', data: 'OK_JPEG' }, 'image/jpeg', 'jpeg', 'image.jpg'],
  [{ mimeType: 'image/jpg', data: 'OK_JPEG' }, 'image/jpeg', 'jpeg', 'image.jpg'],
  [{ mimeType: 'IMAGE/PNG', data: 'OK_IMAGE' }, 'image/png', 'png', 'image.png'],
  [{ data: 'OK_WEBP' }, 'image/webp', 'webp', 'image.webp'],
  [{ mimeType: 'application/octet-stream', data: 'OK_GIF' }, 'image/gif', 'gif', 'image.gif'],
])('%j is stored as %s', async (inlineData, mediaType, format, file) => {
  const candidates = [{ finishReason: 'STOP', content: { parts: [{ inlineData }] } }];
  bench.standin.behave({ kind: 'raw', body: { candidates, usageMetadata: { promptTokenCount: '12' } } });
  const before = bench.standin.requests.length;
  world = startWorld((...call) => bench.provider.generate(...call));
  const { task } = world.submit({ of: { kind: 'image', tenant: 'acme' } });
  const { state, detail } = await world.log.reached(task, 'succeeded');
  expect([state.attempt, bench.standin.requests.length - before]).toEqual([1, 1]);
  const [image] = detail.artifacts!;
  expect(image).toMatchObject({ name: 'image', mediaType, width: 64, height: 64 });
  expect(fileName(image!)).toBe(file);
  expect(await sharp(world.artifacts.stored.get(`acme/${image!.digest}`)!.bytes).metadata()).toMatchObject({ format });
  expect(detail.usage).toMatchObject({ inputTokens: 12, outputTokens: 0 });
});

test('an image that is cut off is billed and reported', async () => {
  const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const data = png.subarray(0, 60).toString('base64');
  bench.standin.behave({ kind: 'raw', body: { candidates: [{ content: { parts: [{ inlineData: { data } }] } }] } });
  world = startWorld((...call) => bench.provider.generate(...call));
  const { detail } = await world.log.reached(world.submit({ of: { kind: 'image' } }).task, 'waiting');
  expect(detail.error).toMatchObject({
    code: 'ProviderResponseInvalid',
    message: expect.stringMatching(/cannot be read/),
  });
});
