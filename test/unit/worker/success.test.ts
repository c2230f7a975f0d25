// A successful attempt: what is stored, written, acknowledged and logged, and in which order.

import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import { made, type Generate } from '../../fakes/provider.ts';
import { startWorld, unavailable, type World } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

let world: World;
afterEach(() => world.worker.drain());

const picture = (width = 640, height = 480): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 4, background: 'green' } })
    .png()
    .toBuffer();

const drawing = (...images: Buffer[]): Generate => {
  const generated = { ...made(null), images: images.map((bytes) => ({ mediaType: 'image/png', bytes })) };
  return () => Promise.resolve({ ...generated, provenance: { modelVersion: 'v7' } });
};

test('an image is stored with thumbnail and metadata before the status refers to it', async () => {
  world = startWorld(drawing(await picture()));
  const { task, delivery } = world.submit({ of: { kind: 'image', tenant: 'acme' } });
  const { state, detail } = await world.log.reached(task, 'succeeded');
  expect(delivery.answers).toEqual(['ack']);
  expect(world.happened.filter((one) => one !== 'beat')).toEqual([
    'write queued',
    'write running',
    expect.stringMatching(/^put image/),
    expect.stringMatching(/^put image/),
    'put application/json',
    'write succeeded',
  ]);
  expect(state).toMatchObject({ attempt: 1, worker: 'worker-1', reason: 'Succeeded' });
  expect(detail.artifacts).toMatchObject([
    { name: 'image', mediaType: 'image/png', width: 640, height: 480 },
    { name: 'thumbnail', mediaType: 'image/jpeg', width: 400, height: 400 },
    { name: 'metadata', mediaType: 'application/json' },
  ]);
  expect(detail.usage).toMatchObject({ inputTokens: 3, outputTokens: 5, durationMs: expect.any(Number) });

  const bytesOf = (name: string): Uint8Array => {
    const { digest, bytes } = detail.artifacts!.find((ref) => ref.name === name)!;
    const stored = world.artifacts.stored.get(`acme/${digest}`)!;
    expect(stored.bytes.length).toBe(bytes);
    return stored.bytes;
  };
  expect(await sharp(bytesOf('thumbnail')).metadata()).toMatchObject({ width: 400, height: 400, format: 'jpeg' });
  expect(JSON.parse(Buffer.from(bytesOf('metadata')).toString())).toMatchObject({
    job: task.of.job,
    attempt: 1,
    provider: 'fake',
    input: { prompt: 'a front yard with native plants' },
    provenance: { modelVersion: 'v7' },
    artifacts: [{ name: 'image' }, { name: 'thumbnail' }],
  });
});

test('several images are named image, image-2 and so on, with one thumbnail', async () => {
  world = startWorld(drawing(await picture(), await picture(50, 60)));
  const { detail } = await world.log.reached(world.submit({ of: { kind: 'image' } }).task, 'succeeded');
  expect(detail.artifacts!.map(({ name, width }) => [name, width])).toEqual([
    ['image', 640],
    ['thumbnail', 400],
    ['image-2', 50],
    ['metadata', undefined],
  ]);
});

test('an image with more pixels than can be decoded safely is stored without a thumbnail', async () => {
  const side = 4_600;
  world = startWorld(drawing(await picture(side, side)));
  const { detail } = await world.log.reached(world.submit({ of: { kind: 'image' } }).task, 'succeeded');
  expect(detail.artifacts!.map(({ name, width }) => [name, width])).toEqual([
    ['image', side],
    ['metadata', undefined],
  ]);
});

test('width and height are those of the image as it is shown, and so is the thumbnail', async () => {
  const half = { width: 300, height: 200, channels: 3 as const };
  const red = await sharp({ create: { ...half, background: 'red' } })
    .png()
    .toBuffer();
  // Red on the left; orientation 6 shows it turned to the right, with red at the top.
  const turned = await sharp({ create: { ...half, width: 600, background: 'blue' } })
    .composite([{ input: red, left: 0, top: 0 }])
    .jpeg()
    .withMetadata({ orientation: 6 })
    .toBuffer();
  world = startWorld(drawing(turned));
  const { detail } = await world.log.reached(world.submit({ of: { kind: 'image', tenant: 'acme' } }).task, 'succeeded');
  expect(detail.artifacts![0]).toMatchObject({ name: 'image', width: 200, height: 600 });
  const thumbnail = world.artifacts.stored.get(`acme/${detail.artifacts![1]!.digest}`)!;
  const corner = (top: number): Promise<Buffer> =>
    sharp(thumbnail.bytes).extract({ left: 200, top, width: 1, height: 1 }).raw().toBuffer();
  const [top, bottom] = await Promise.all([corner(10), corner(390)]);
  expect([top[0]! > 200, top[2]! < 50, bottom[0]! < 50, bottom[2]! > 200]).toEqual([true, true, true, true]);
});

test('a repaired answer says so in its message', async () => {
  world = startWorld(() => Promise.resolve({ ...made({ title: 'A' }), provenance: { repaired: true }, calls: 2 }));
  const { detail } = await world.log.reached(world.submit().task, 'succeeded');
  expect(detail.message).toMatch(/^Completed in .*; the first answer was not valid, and the model repaired it$/);
});

test('a text with half of a character is kept, and says so where UTF-8 cannot hold the half', async () => {
  for (const [output, message] of [
    ['short \ud83c', /^Completed in [^;]*$/],
    [
      `${'long '.repeat(60_000)}\ud83c`,
      /^Completed in .*; halves of characters in the text were replaced with U\+FFFD$/,
    ],
  ] as const) {
    world = startWorld(() => Promise.resolve(made(output)));
    const { detail } = await world.log.reached(world.submit().task, 'succeeded');
    expect(detail.message).toMatch(message);
    if (output.startsWith('short')) expect(detail.output).toBe(output);
    await world.worker.drain();
  }
});

test('the provider may free its images once they are stored, and not before', async () => {
  const bytes = await picture();
  const after: string[][] = [];
  const draw = drawing(bytes);
  world = startWorld(async (...call) => ({ ...(await draw(...call)), release: () => after.push([...world.happened]) }));
  const { detail } = await world.log.reached(world.submit({ of: { kind: 'image' } }).task, 'succeeded');
  expect(after).toEqual([expect.arrayContaining(['put image/png', 'put image/jpeg'])]);
  expect(detail.artifacts![0]).toMatchObject({ name: 'image', bytes: bytes.length });
});

test('an unreadable image is reported as ProviderResponseInvalid', async () => {
  world = startWorld(drawing(Buffer.from('not an image')));
  const { detail } = await world.log.reached(world.submit({ of: { kind: 'image' } }).task, 'waiting');
  expect(detail.error).toMatchObject({ code: 'ProviderResponseInvalid' });
});

test('references are passed to the provider in order', async () => {
  const seen: unknown[] = [];
  world = startWorld((request) => {
    seen.push(...request.references.map(({ bytes, ...rest }) => ({ text: Buffer.from(bytes).toString(), ...rest })));
    return Promise.resolve(made());
  });
  const first = await world.artifacts.put('default', Buffer.from('one'), 'image/png');
  const second = await world.artifacts.put('default', Buffer.from('two'), 'image/jpeg');
  const references = [
    { artifact: first.digest, mediaType: 'image/png', caption: 'style' },
    { artifact: second.digest, mediaType: 'image/jpeg' },
  ];
  const { task } = world.submit({ request: { input: { prompt: 'x', references } } });
  await world.log.reached(task, 'succeeded');
  expect(seen).toEqual([
    { text: 'one', mediaType: 'image/png', caption: 'style' },
    { text: 'two', mediaType: 'image/jpeg' },
  ]);
});

test('a reference that is missing or belongs to another tenant fails the task without a call', async () => {
  let calls = 0;
  world = startWorld(() => Promise.resolve(made(String((calls += 1)))));
  const { digest } = await world.artifacts.put('another', Buffer.from('one'), 'image/png');
  const references = [{ artifact: digest, mediaType: 'image/png' }];
  const { task } = world.submit({ request: { input: { prompt: 'x', references } } });
  const { state } = await world.log.reached(task, 'failed');
  expect(state.reason).toBe('ReferenceNotFound');
  expect(calls).toBe(0);
  expect(world.keys.released).toContainEqual({ outcome: 'unused' });
});

test.each([
  ['a text', 'hello'],
  ['an object', { title: 'a plan' }],
])('%s stays in the status', async (_name, output) => {
  world = startWorld(() => Promise.resolve(made(output)));
  const { detail } = await world.log.reached(world.submit().task, 'succeeded');
  expect(detail.output).toEqual(output);
  expect(detail.artifacts).toBeUndefined();
});

test('a long text becomes an artifact', async () => {
  const text = 'x'.repeat(300 * 1024);
  world = startWorld(() => Promise.resolve(made(text)));
  const { detail, state } = await world.log.reached(world.submit().task, 'succeeded');
  expect(detail.output).toBeUndefined();
  expect(detail.artifacts).toMatchObject([
    { name: 'output', mediaType: 'text/plain; charset=utf-8', bytes: text.length },
  ]);
  const stored = world.artifacts.stored.get(`${state.of.tenant}/${detail.artifacts![0]!.digest}`)!;
  expect(Buffer.from(stored.bytes).toString()).toBe(text);
});

test('a result waits for review if the policy requires it', async () => {
  world = startWorld(() => Promise.resolve(made()));
  const { state } = await world.log.reached(world.submit({ policy: { review: 'always' } }).task, 'needs_review');
  expect(state).toMatchObject({ reason: 'AwaitingReview', worker: 'worker-1' });
});

test('a result survives a temporary outage of the artifact store', async () => {
  let failures = 3;
  world = startWorld(() => Promise.resolve(made('x'.repeat(300 * 1024))));
  world.artifacts.beforePut = async () => {
    if ((failures -= 1) >= 0) return await Promise.reject(unavailable());
  };
  const { state } = await world.log.reached(world.submit().task, 'succeeded');
  expect(state.attempt).toBe(1);
});

test('a result, which is paid for, survives temporarily full storage', async () => {
  let failures = 3;
  world = startWorld(() => Promise.resolve(made('x'.repeat(300 * 1024))));
  world.artifacts.beforePut = async () => {
    if ((failures -= 1) >= 0) return await Promise.reject(new GenwardenError('StorageFull', 'no room'));
  };
  const { state } = await world.log.reached(world.submit().task, 'succeeded');
  expect(state.attempt).toBe(1);
});

test('an error of the artifact store fails the attempt', async () => {
  world = startWorld(() => Promise.resolve(made('x'.repeat(300 * 1024))));
  world.artifacts.beforePut = () => Promise.reject(new Error('no space'));
  const { detail } = await world.log.reached(world.submit().task, 'waiting');
  expect(detail.error).toMatchObject({ code: 'ArtifactStoreFailed', retryable: true });
});

test('log and metrics report the attempt', async () => {
  world = startWorld(() => Promise.resolve(made()), { models: [] });
  const { task } = world.submit();
  await world.log.reached(task, 'succeeded');
  const completed = await until(() => world.logged.find(({ event }) => event === 'generation_completed'), {
    what: 'the log',
  });
  const fields = { job: task.of.job, task: 0, run: 1, attempt: 1, pool: 'default', worker: 'worker-1' };
  expect(world.logged.find(({ event }) => event === 'generation_started')).toMatchObject(fields);
  expect(completed).toMatchObject({ ...fields, reason: 'Succeeded', durationMs: expect.any(Number) });
  const metrics = await world.registry.metrics();
  const labels = 'provider="fake",model="other"';
  expect(metrics).toContain(`genwarden_attempts_total{pool="default",${labels},outcome="succeeded"} 1`);
  expect(metrics).toContain(`genwarden_provider_requests_total{${labels},code="200"} 1`);
  expect(metrics).toContain(`genwarden_tokens_total{${labels},direction="output"} 5`);
});
