// What was typed in the form becomes a request, or a problem at its path.
import { describe, expect, test } from 'vitest';
import { emptyForm, type FormReference, type JobForm } from '../../../../src/console/pages/create/form.ts';
import { requestOf, taskCount } from '../../../../src/console/pages/create/requestOf.ts';

const typed = (over: Partial<JobForm>): JobForm => ({ ...emptyForm, prompt: 'a yard', ...over });
const stored: FormReference = {
  id: 1,
  name: 'yard.jpg',
  bytes: 3,
  preview: 'blob:x',
  caption: ' the yard today ',
  upload: { state: 'stored', artifact: 'sha256:aa' },
};

describe('the request', () => {
  test('holds only what was typed', () => {
    expect(requestOf(typed({}))).toEqual({ request: { kind: 'image', input: { prompt: 'a yard' } }, problems: [] });
  });

  test('holds everything that was typed, for its kind', () => {
    const everything = typed({
      system: 'be brief',
      pool: 'drafts',
      model: 'm',
      aspectRatio: '16:9',
      imageSize: '2K',
      references: [stored],
      schema: '{"type":"object"}',
      priority: 'high',
      labels: 'project=p42\n\n  customer = jones ',
      runTimeout: '5m',
      deadline: '2h',
      maxAttempts: '5',
      reviewAlways: true,
      seed: '7',
      providerOptions: '{"temperature": 0.5}',
    });
    const shared = {
      pool: 'drafts',
      model: 'm',
      priority: 'high',
      policy: { runTimeout: '5m', deadline: '2h', maxAttempts: 5, review: 'always' },
      labels: { project: 'p42', customer: 'jones' },
    };
    const input = {
      prompt: 'a yard',
      seed: 7,
      references: [{ artifact: 'sha256:aa', caption: 'the yard today' }],
      providerOptions: { temperature: 0.5 },
    };
    expect(requestOf(everything)).toEqual({
      request: { kind: 'image', ...shared, input: { ...input, aspectRatio: '16:9', imageSize: '2K' } },
      problems: [],
    });
    expect(requestOf({ ...everything, kind: 'text' })).toEqual({
      request: { kind: 'text', ...shared, input: { ...input, system: 'be brief', schema: { type: 'object' } } },
      problems: [],
    });
  });

  test('has a task for each variation, with its name, its own prompt and its own seed', () => {
    const { request } = requestOf(typed({ variations: '3', taskLines: 'day\nnight = the yard at night', seed: '7' }));
    expect(request.tasks).toEqual([
      { name: 'day' },
      { name: 'night', input: { prompt: 'the yard at night', seed: 8 } },
      { name: 'variation-3', input: { seed: 9 } },
    ]);
    expect(requestOf(typed({ variations: '1', taskLines: 'only' })).request.tasks).toEqual([{ name: 'only' }]);
  });

  test('has at least as many tasks as were named', () => {
    expect(taskCount({ variations: '2', taskLines: 'a\nb\nc' })).toBe(3);
    expect(taskCount({ variations: '', taskLines: '' })).toBe(1);
    for (const variations of ['0', '1.5', 'many', '501'])
      expect(taskCount({ variations, taskLines: '' })).toBeUndefined();
  });
});

describe('problems', () => {
  test.each<[path: string, message: RegExp, form: Partial<JobForm>]>([
    ['input.prompt', /^is empty$/, { prompt: '  ' }],
    ['input.prompt', /^is empty$/, { prompt: '', taskLines: 'a=b\nc' }],
    ['tasks', /from 1 to 500/, { variations: '501' }],
    ['input.schema', /^is not JSON: /, { kind: 'text', schema: '{' }],
    ['input.schema', /^is not a JSON object/, { kind: 'text', schema: '[]' }],
    [
      'input.schema',
      /9007199254740993, which cannot be held exactly/,
      { kind: 'text', schema: '{"const": 9007199254740993}' },
    ],
    ['input.providerOptions', /^is not JSON: /, { providerOptions: 'x' }],
    ['input.seed', /^is not a whole number$/, { seed: '1.5' }],
    ['policy.maxAttempts', /^is not a whole number$/, { maxAttempts: 'x' }],
    ['labels', /^"project" is not key=value$/, { labels: 'project' }],
    [
      'input.references[0]',
      /still being uploaded/,
      { references: [{ ...stored, upload: { state: 'sending', fraction: 0.5 } }] },
    ],
    ['input.references[0]', /was not stored/, { references: [{ ...stored, upload: { state: 'failed', error: 'x' } }] }],
  ])('%s %s', (path, message, form) => {
    expect(requestOf(typed(form)).problems).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  test('there is none if every task has its own prompt', () => {
    expect(requestOf(typed({ prompt: '', taskLines: 'a=b\nc=d' })).problems).toEqual([]);
  });
});
