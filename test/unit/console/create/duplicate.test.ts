// A form is filled from an earlier job.
import { expect, test } from 'vitest';
import type { InputReference, Job, ModelInput, Task } from '../../../../src/client/index.ts';
import { formOf, storedReferences } from '../../../../src/console/pages/create/duplicate.ts';
import { requestOf } from '../../../../src/console/pages/create/requestOf.ts';

const job = (names: (string | null)[]): Job =>
  ({
    id: 'j',
    kind: 'image',
    pool: 'drafts',
    model: 'm',
    priority: 'high',
    labels: { project: 'p42' },
    tasks: names.map((name, index) => ({ name, index }) as Task),
  }) as unknown as Job;

const input = (over: Partial<ModelInput>): ModelInput => ({
  job: 'j',
  task: 0,
  name: null,
  run: 1,
  kind: 'image',
  model: 'm',
  prompt: 'a yard',
  system: null,
  schema: null,
  aspectRatio: '16:9',
  imageSize: null,
  seed: 7,
  providerOptions: { temperature: 0.5 },
  references: [],
  after: [],
  unresolved: [],
  tweak: null,
  metadata: null,
  ...over,
});

const reference = (over: Partial<InputReference>): InputReference => ({
  index: 0,
  artifact: 'sha256:aa',
  mediaType: 'image/png',
  bytes: 1,
  caption: null,
  result: null,
  href: '/r/0',
  ...over,
});

test('with one task, the request is that of the job', () => {
  expect(requestOf(formOf(job([null]), [input({})]))).toEqual({
    request: {
      kind: 'image',
      pool: 'drafts',
      model: 'm',
      priority: 'high',
      input: { prompt: 'a yard', aspectRatio: '16:9', seed: 7, providerOptions: { temperature: 0.5 } },
      labels: { project: 'p42' },
    },
    problems: [],
  });
});

test('each task keeps its name, and its prompt if that differs from the first one', () => {
  const inputs = [input({}), input({ prompt: 'the yard\nat night' }), input({})];
  expect(formOf(job(['day', 'night', null, 'later']), inputs)).toMatchObject({
    prompt: 'a yard',
    variations: '4',
    taskLines: 'day\nnight = the yard at night\nvariation-3\nlater',
  });
});

test('of a tweaked task the form gets what was asked for first', () => {
  const tweaked = input({ prompt: 'a yard and a change', tweak: { prompt: 'a yard', instructions: ['a change'] } });
  expect(formOf(job([null]), [tweaked]).prompt).toBe('a yard');
  const references = [
    reference({ caption: 'style' }),
    reference({ index: 1, caption: 'the earlier result' }),
    reference({ index: 2, result: { task: 'x', name: 'image' } }),
    reference({ index: 3, artifact: null }),
  ];
  expect(storedReferences({ ...tweaked, references }).map(({ index }) => index)).toEqual([0]);
});

test('a job whose inputs cannot be read still names its pool and model', () => {
  expect(formOf(job([null]), [])).toMatchObject({ pool: 'drafts', model: 'm', prompt: '' });
});
