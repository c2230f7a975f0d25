// What the pools offer for a kind of job, the key of a submit, and problems of the API beside their fields.
import { describe, expect, test } from 'vitest';
import type { Pool } from '../../../../src/client/index.ts';
import { messagesOf, otherProblems } from '../../../../src/console/pages/create/fieldErrors.ts';
import { attemptOf } from '../../../../src/console/pages/create/idempotency.ts';
import { chosenPool, limitsOf, modelChoices, poolChoices } from '../../../../src/console/pages/create/offers.ts';
import { fileProblem } from '../../../../src/console/pages/create/references.ts';

const limits = {
  references: 3,
  referenceBytes: 7_000_000,
  totalReferenceBytes: 1,
  aspectRatios: ['1:1'],
  imageSizes: null,
  lacks: [],
};
const pool = (name: string, over: object = {}): Pool =>
  ({
    name,
    models: { image: ['quick', 'slow'], text: [] },
    modelLimits: { quick: limits },
    paused: false,
    workers: 1,
    keys: [{ state: 'ready', models: [] }],
    outages: [],
    ...over,
  }) as unknown as Pool;

describe('choices', () => {
  test('the default pool is first, and each says what speaks against it', () => {
    const key = (state: string, models: object[] = []) => ({ state, models });
    const pools = [
      pool('b', { paused: true }),
      pool('a', { workers: 0 }),
      pool('cold', { keys: [key('cooling'), key('cooling')] }),
      pool('bad', { keys: [key('refused')] }),
      pool('texts', { models: { image: [], text: ['t'] } }),
      pool('default', { keys: [key('cooling'), key('ready')] }),
    ];
    expect(poolChoices(pools, 'image').map(({ value, obstacle }) => `${value}: ${obstacle}`)).toEqual([
      'default: ',
      'a: no workers',
      'b: paused',
      'bad: its keys are refused',
      'cold: its keys cool down',
    ]);
    expect(poolChoices(pools, 'text').map(({ value }) => value)).toEqual(['texts']);
    expect(chosenPool(pools, '')?.name).toBe('default');
  });

  test('a model says that its provider is out, or that no key admits it', () => {
    const out = pool('a', { outages: [{ model: 'slow' }], keys: [{ state: 'ready', models: [{ model: 'quick' }] }] });
    expect(modelChoices(out, 'image')).toEqual([
      { value: 'quick', obstacle: 'no key admits it now' },
      { value: 'slow', obstacle: 'outage' },
    ]);
    expect(modelChoices(undefined, 'image')).toEqual([]);
  });

  test('the limits are those of the chosen or first model, else the usual ones', () => {
    expect(limitsOf(pool('a'), 'image', '')).toBe(limits);
    expect(limitsOf(pool('a'), 'image', 'slow').references).toBe(14);
    expect(limitsOf(undefined, 'image', '').aspectRatios).toContain('16:9');
  });
});

test('a submit repeats its key until the request changes', () => {
  let keys = 0;
  const newKey = (): string => String((keys += 1));
  const first = attemptOf('body', undefined, newKey);
  expect(attemptOf('body', first, newKey)).toBe(first);
  expect(attemptOf('other', first, newKey)).toEqual({ body: 'other', key: '2' });
  expect(attemptOf('body', undefined, newKey).key).toBe('3');
});

test('problems stand beside the field that they are about', () => {
  const problems = [
    { path: 'input.schema.properties.code.pattern', message: 'has a lookahead' },
    { path: 'tasks[0].input.schema.type', message: 'is unknown' },
    { path: 'tasks[1].input.schema.type', message: 'is unknown' },
    { path: 'tasks[1].input.prompt', message: 'is too long' },
    { path: 'tasks[1].name', message: 'is the name of another task' },
    { path: 'policy.reviewTimeout', message: 'is no duration' },
    { path: 'labels.a b', message: 'is no label' },
    { path: 'webhook.url', message: 'is unreachable' },
  ];
  expect(messagesOf(problems, 'input.schema')).toEqual([
    'properties.code.pattern: has a lookahead',
    'type: is unknown',
  ]);
  expect(messagesOf(problems, 'tasks')).toEqual([
    '[1].input.prompt: is too long',
    '[1].name: is the name of another task',
  ]);
  expect(messagesOf(problems, 'policy.review')).toEqual([]);
  expect(messagesOf(problems, 'policy.reviewTimeout')).toEqual(['is no duration']);
  expect(messagesOf(problems, 'labels')).toEqual(['a b: is no label']);
  expect(otherProblems(problems)).toEqual([{ path: 'webhook.url', message: 'is unreachable' }]);
});

test('a file that the API would refuse is not sent', () => {
  expect(fileProblem({ name: 'a.png', type: 'image/png', size: 10 }, 10)).toBeUndefined();
  expect(fileProblem({ name: 'a.gif', type: 'image/gif', size: 10 }, 10)).toMatch(/image\/gif, not PNG, JPEG or WebP/);
  expect(fileProblem({ name: 'a', type: '', size: 10 }, 10)).toMatch(/of an unknown type/);
  expect(fileProblem({ name: 'a.png', type: 'image/png', size: 2_000_000 }, 1_000_000)).toMatch(/has 1.9 MiB/);
});
