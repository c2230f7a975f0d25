// How the results of other tasks reach the model: parts of outputs in prompts, images as references, and what happens when
// something is missing, too large or not readable.

import { afterEach, expect, test } from 'vitest';
import type { GenerateRequest } from '../../../src/ports/provider.ts';
import type { ArtifactRef, JsonValue, TaskDetail, TaskInput } from '../../../src/job/task.ts';
import { claimed, submitted, succeeded } from '../../../src/job/transitions.ts';
import { made } from '../../fakes/provider.ts';
import { freshJobId, identity } from '../../fakes/tasks.ts';
import { startWorld, unavailable, type World } from '../../fakes/workerWorld.ts';

let world: World;
let requests: GenerateRequest[];
afterEach(() => world.worker.drain());

function start(over: Parameters<typeof startWorld>[1] = {}): void {
  requests = [];
  world = startWorld((request) => {
    requests.push(request);
    return Promise.resolve(made('done'));
  }, over);
}

/** Stores the result of task 0 (storyboard), and runs task 1 with this input. */
async function runAfter(result: Partial<TaskDetail>, input: Partial<TaskInput>, tweaked?: { prompt: string }) {
  const job = freshJobId();
  const now = Date.now();
  const of = identity({ job, total: 2, kind: 'text', name: 'storyboard', submittedAt: now });
  world.log.append(succeeded(claimed(submitted(of), 'worker-0', 1, now), now), { message: 'Done', ...result });
  const request = {
    input: { prompt: 'p', ...input },
    after: ['storyboard'],
    ...(tweaked === undefined ? {} : { tweaked: { ...tweaked, instructions: [] } }),
  };
  const { task } = world.submit({ of: { job, total: 2, task: 1, after: [0] }, request });
  return world.log.reached(task, 'succeeded', 'failed', 'waiting');
}

const output: JsonValue = { beats: [{ title: 'Dawn {{tasks.storyboard.output}}' }, { title: 'Noon' }], count: 2 };

test('parts of an output take the place of their templates, once; other braces stay', async () => {
  start();
  const prompt = 'Draw {{tasks.storyboard.output.beats[0].title}}, {{x}}, of {{ tasks.storyboard.output.count }}';
  const system = 'All: {{tasks.storyboard.output.beats}}';
  expect((await runAfter({ output }, { prompt, system })).state.state).toBe('succeeded');
  expect(requests[0]!.input).toMatchObject({
    prompt: 'Draw Dawn {{tasks.storyboard.output}}, {{x}}, of 2',
    system: 'All: [{"title":"Dawn {{tasks.storyboard.output}}"},{"title":"Noon"}]',
  });
});

test('what a tweak has added to the prompt is literal', async () => {
  start();
  const prompt = 'Draw {{tasks.storyboard.output.count}}';
  await runAfter({ output }, { prompt: `${prompt}\n\nChange it: {{tasks.storyboard.output}}` }, { prompt });
  expect(requests[0]!.input.prompt).toBe('Draw 2\n\nChange it: {{tasks.storyboard.output}}');
});

test('a long output is read from the artifact store, as JSON or as text', async () => {
  start();
  for (const [text, mediaType, prompt, expected] of [
    [JSON.stringify(output), 'application/json', '{{tasks.storyboard.output.count}}', '2'],
    ['once upon', 'text/plain; charset=utf-8', '{{tasks.storyboard.output}}', 'once upon'],
  ] as const) {
    const stored = await world.artifacts.put('default', Buffer.from(text), mediaType);
    await runAfter({ artifacts: [{ name: 'output', ...stored }] }, { prompt });
    expect(requests.at(-1)!.input.prompt).toBe(expected);
  }
});

test('its images are references in their places, with their captions', async () => {
  start();
  const image = await world.artifacts.put('default', Buffer.from('image'), 'image/png');
  const other = await world.artifacts.put('default', Buffer.from('other'), 'image/webp');
  await runAfter(
    { artifacts: [{ name: 'image', ...image }] },
    {
      references: [
        { artifact: other.digest, mediaType: 'image/webp' },
        { artifact: { task: 'storyboard', name: 'image' }, caption: 'the board' },
      ],
    },
  );
  expect(requests[0]!.references.map(({ mediaType, caption }) => [mediaType, caption])).toEqual([
    ['image/webp', undefined],
    ['image/png', 'the board'],
  ]);
});

test('NATS away is waited for', async () => {
  start();
  const { last } = world.log;
  let failures = 3;
  Object.assign(world.log, {
    last: (address: Parameters<typeof last>[0]) =>
      (failures -= 1) >= 0 ? Promise.reject(unavailable()) : last(address),
  });
  expect((await runAfter({ output }, { prompt: '{{tasks.storyboard.output.count}}' })).state.state).toBe('succeeded');
  expect(failures).toBe(-1);
});

test('an attempt that is due while it reads the results says so, and blames no provider', async () => {
  start();
  Object.assign(world.log, { last: () => new Promise(() => undefined) });
  const job = freshJobId();
  const request = { input: { prompt: '{{tasks.storyboard.output}}' }, after: ['storyboard'] };
  const { task } = world.submit({
    of: { job, total: 2, task: 1, after: [0] },
    policy: { attemptTimeout: 200 },
    request,
  });
  const { detail } = await world.log.reached(task, 'waiting');
  expect(detail.error).toMatchObject({
    code: 'ArtifactStoreFailed',
    message: 'The attempt had 200 ms, and the worker was still reading the results of other tasks',
  });
  expect(requests).toEqual([]);
});

const artifact = (over: Partial<ArtifactRef>): ArtifactRef => ({
  name: 'image',
  mediaType: 'image/png',
  bytes: 1,
  digest: `sha256:${'0'.repeat(64)}`,
  ...over,
});
const reference = { references: [{ artifact: { task: 'storyboard', name: 'image' } }] };
const many = '{{tasks.storyboard.output}}'.repeat(3);

const refusals: [what: string, Partial<TaskDetail>, Partial<TaskInput>, code: string, message: string][] = [
  [
    'a field that is not there',
    { output },
    { prompt: '{{tasks.storyboard.output.beats[5].title}}' },
    'DependencyOutputMissing',
    'There is no tasks.storyboard.output.beats[5].title: output.beats has 2 items',
  ],
  [
    'no output at all',
    {},
    { prompt: '{{tasks.storyboard.output}}' },
    'DependencyOutputMissing',
    'Task storyboard has no output',
  ],
  [
    'no such artifact',
    { artifacts: [artifact({ name: 'thumbnail' })] },
    reference,
    'DependencyOutputMissing',
    'Task storyboard has no artifact image; it has thumbnail',
  ],
  [
    'an artifact that is no accepted image',
    { artifacts: [artifact({ mediaType: 'image/gif' })] },
    reference,
    'DependencyOutputMissing',
    'Artifact image of task storyboard is image/gif, not PNG, JPEG or WebP',
  ],
  [
    'an image that is larger than the model takes',
    { artifacts: [artifact({ bytes: 30_000_000 })] },
    reference,
    'DependencyOutputTooLarge',
    'A reference has 30000000 bytes, but gemini-3.1-flash-image accepts 20971520',
  ],
  [
    'one part that is too long',
    { output: 'x'.repeat(33_000) },
    { prompt: '{{tasks.storyboard.output}}' },
    'DependencyOutputTooLarge',
    'tasks.storyboard.output is longer than 32 KiB',
  ],
  [
    'parts that are too long together',
    { output: 'x'.repeat(15_000) },
    { prompt: many },
    'DependencyOutputTooLarge',
    'With the outputs of other tasks, input.prompt has 45000 bytes, more than 32 KiB',
  ],
  [
    'parts that are far too long together',
    { output: 'x'.repeat(30_000) },
    { prompt: many },
    'DependencyOutputTooLarge',
    "What the task uses of other tasks' outputs is longer than 32 KiB",
  ],
  [
    'a stored output that is enormous',
    { artifacts: [artifact({ name: 'output', mediaType: 'application/json', bytes: 17_000_000 })] },
    { prompt: '{{tasks.storyboard.output}}' },
    'DependencyOutputTooLarge',
    'The output of task storyboard has 17000000 bytes, more than 16777216',
  ],
];

test.each(refusals)('%s fails the task without a call, and is not retried', async (_, result, input, code, message) => {
  start();
  const { state, detail } = await runAfter(result, input);
  expect(state).toMatchObject({ state: 'failed', reason: code, attempt: 1 });
  expect(detail.error).toMatchObject({ code, message, retryable: false });
  expect(requests).toEqual([]);
  expect(world.keys.released).toEqual([{ outcome: 'unused' }]);
});
