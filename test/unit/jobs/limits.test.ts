// Each model that may run a job applies its limits at submit: its own, a requested fallback's, and a pool's default fallback's.
import { expect, test } from 'vitest';
import { apiWorld } from '../../fakes/apiWorld.ts';

const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const body = (input: object, over: object = {}) => ({ kind: 'image', input: { prompt: 'a', ...input }, ...over });

const refusals: [what: string, body: object, path: string, message: RegExp][] = [
  [
    'an odd ratio',
    body({ aspectRatio: '7:3' }),
    'input.aspectRatio',
    /^is 7:3, but gemini-3.1-flash-image accepts 1:1,/,
  ],
  ['an odd size', body({ imageSize: '3K' }), 'input.imageSize', /accepts 512, 1K, 2K, 4K$/],
  ['a size in lower case', body({ imageSize: '2k' }), 'input.imageSize', /accepts 512, 1K, 2K, 4K$/],
  [
    'a ratio of another model',
    body({ aspectRatio: '1:8' }, { model: 'gemini-3-pro-image' }),
    'input.aspectRatio',
    /^is 1:8, but gemini-3-pro-image accepts .* 21:9$/,
  ],
  [
    'a ratio of one task',
    body({ aspectRatio: '1:1' }, { tasks: [{}, { input: { aspectRatio: '5:7' } }] }),
    'tasks[1].input.aspectRatio',
    /^is 5:7/,
  ],
  ['a ratio that tasks share', body({ aspectRatio: '5:7' }, { tasks: [{}, {}, {}] }), 'input.aspectRatio', /^is 5:7/],
  [
    'a size that a fallback lacks',
    body({ imageSize: '512' }, { policy: { fallback: [{ model: 'gemini-3-pro-image' }] } }),
    'input.imageSize',
    /^is 512, but gemini-3-pro-image \(policy\.fallback\[0\]\) accepts 1K, 2K, 4K$/,
  ],
];

const ofOpenAI = { pool: 'drawings' };
const reference = { mediaType: 'image/png', data: onePixel };

refusals.push(
  [
    'a ratio that OpenAI lacks',
    body({ aspectRatio: '16:9' }, ofOpenAI),
    'input.aspectRatio',
    /^is 16:9, but gpt-image-1 accepts 1:1, 3:2, 2:3$/,
  ],
  [
    'a size that OpenAI lacks',
    body({ imageSize: '4K' }, ofOpenAI),
    'input.imageSize',
    /^is 4K, but gpt-image-1 accepts 1K$/,
  ],
  [
    'a seed, which OpenAI lacks',
    body({ seed: 7 }, ofOpenAI),
    'input.seed',
    /^is set, but gpt-image-1 accepts no seed: leave it out$/,
  ],
  [
    'a seed of one task',
    body({}, { ...ofOpenAI, tasks: [{}, { input: { seed: 7 } }] }),
    'tasks[1].input.seed',
    /no seed/,
  ],
  [
    'a seed that a fallback of another provider lacks',
    body({ seed: 7 }, { policy: { fallback: [ofOpenAI] } }),
    'input.seed',
    /^is set, but gpt-image-1 \(policy\.fallback\[0\]\) accepts no seed/,
  ],
  [
    'an option that OpenAI lacks',
    body({ providerOptions: { topK: 3 } }, ofOpenAI),
    'input.providerOptions.topK',
    /^is not allowed; allowed: quality, background/,
  ],
  [
    'an option of text',
    body({ providerOptions: { temperature: 1 } }, ofOpenAI),
    'input.providerOptions.temperature',
    /^is not supported by kind image; allowed: quality/,
  ],
  [
    'a size as an option',
    body({ providerOptions: { size: '64x64' } }, ofOpenAI),
    'input.providerOptions.size',
    /^cannot be set: set input.aspectRatio and input.imageSize instead$/,
  ],
);

test('references that a model does not take are refused with their number', async () => {
  const { fakePoolRegistry } = await import('../../fakes/poolRegistry.ts');
  const pools = fakePoolRegistry();
  await pools.declare({ name: 'default', provider: 'openai', models: { image: ['dall-e-3'], text: [] }, policy: {} });
  await using world = await apiWorld({ pools });
  const { status, json } = await world.post('/v1/jobs', body({ references: [reference] }));
  expect(status).toBe(422);
  expect(json.errors).toEqual([{ path: 'input.references', message: 'has 1 image, but dall-e-3 accepts none' }]);
});

test.each(refusals)('refuses %s and names what the model accepts', async (_what, request, path, message) => {
  await using world = await apiWorld();
  const { status, json } = await world.post('/v1/jobs', request);
  expect([status, json.code]).toEqual([422, 'InvalidRequest']);
  expect(json.errors).toEqual([{ path, message: expect.stringMatching(message) }]);
  expect(world.log.stream.size.messages).toBe(0);
});

test('every ratio and size of the model is accepted, and any of a model that is not known', async () => {
  await using world = await apiWorld();
  for (const aspectRatio of ['1:1', '16:9', '8:1']) {
    for (const imageSize of ['512', '4K']) {
      expect((await world.post('/v1/jobs', body({ aspectRatio, imageSize }))).status).toBe(202);
    }
  }
  const { fakePoolRegistry } = await import('../../fakes/poolRegistry.ts');
  const pools = fakePoolRegistry();
  await pools.declare({ name: 'default', provider: 'acme', models: { image: ['brush'], text: [] }, policy: {} });
  await using other = await apiWorld({ pools });
  const unknown = body({ aspectRatio: '7:3', imageSize: 'huge', seed: 1 });
  expect((await other.post('/v1/jobs', unknown)).status).toBe(202);
});

test("a pool's default fallback that lacks the ratio is left out", async () => {
  const { fakePoolRegistry } = await import('../../fakes/poolRegistry.ts');
  const pools = fakePoolRegistry();
  const image = ['gemini-3.1-flash-image', 'gemini-3-pro-image', 'gemini-3.1-flash-lite-image'];
  const fallback = [{ model: image[1]! }, { model: image[2]! }];
  await pools.declare({ name: 'default', provider: 'gemini', models: { image, text: [] }, policy: { fallback } });
  await using world = await apiWorld({ pools });
  const { json } = await world.post('/v1/jobs', body({ aspectRatio: '1:8' }));
  const record = (await world.log.read(json.id))!;
  expect(record.tasks[0]!.last.state.of.policy.fallback).toEqual([{ pool: 'default', model: image[2] }]);
});
