// Pools: one from the settings, or several from a file, whose errors name the place.

import { expect, test } from 'vitest';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import { loadSettings } from '../../../src/config/load.ts';
import { declarationOf, loadPools } from '../../../src/config/pools.ts';
import type { PoolSettings } from '../../../src/config/pools.ts';

const settings = loadSettings({
  env: {
    GENWARDEN_POOLS_FILE: '/pools.json',
    GENWARDEN_GEMINI_API_KEYS: 'flat',
    GENWARDEN_GEMINI_BASE_URL: 'http://h:1/',
  },
});

const read = (content: unknown): PoolSettings[] =>
  loadPools(settings, () => (typeof content === 'string' ? content : JSON.stringify(content)));

const problemsOf = (content: unknown): unknown => {
  try {
    read(content);
  } catch (error) {
    if (error instanceof GenwardenError) return error.details['problems'];
    throw error;
  }
  throw new Error('the file was accepted');
};

test('without a file there is one pool, from the settings', () => {
  const flat = loadSettings({
    env: { GENWARDEN_POOL: 'photos', GEMINI_API_KEY: 'a,b', GENWARDEN_GEMINI_REQUESTS_PER_MINUTE: '60' },
  });
  const [pool, ...others] = loadPools(flat);
  expect(others).toEqual([]);
  expect(pool).toMatchObject({ name: 'photos', provider: 'gemini', concurrency: 4, policy: {} });
  expect(pool!.keys.map(({ secret, requestsPerMinute }) => [secret, requestsPerMinute])).toEqual([
    ['a', 60],
    ['b', 60],
  ]);
  expect(pool!.models.image[0]).toBe('gemini-3.1-flash-image');
  expect(pool!.models.text).toEqual(['gemini-2.5-flash']);
});

test('a file defines pools; fields that a pool leaves out come from the settings', () => {
  const [plain, full] = read({
    pools: [
      { name: 'plain' },
      {
        name: 'full',
        models: { image: ['painter'], text: ['writer'] },
        keys: [{ key: 'k', maxInFlight: 2 }],
        concurrency: 9,
        policy: { attemptTimeout: '1m30s', maxAttempts: 5 },
      },
    ],
  });
  expect(plain!.keys).toEqual([{ secret: 'flat', requestsPerMinute: 10, maxInFlight: 1_000 }]);
  expect(plain).toMatchObject({ baseUrl: 'http://h:1', concurrency: 4 });
  expect(full!.keys).toEqual([{ secret: 'k', requestsPerMinute: 10, maxInFlight: 2 }]);
  expect(full).toMatchObject({ models: { image: ['painter'], text: ['writer'] }, concurrency: 9 });
  expect(full!.policy).toEqual({ attemptTimeout: 90_000, maxAttempts: 5 });
});

test("a pool's policy may set the backoff, fallbacks and what outages do; a pool may have prices and budgets", () => {
  const [pool] = read({
    pools: [
      {
        name: 'photos',
        models: { image: ['painter'] },
        policy: {
          backoff: { max: '5m' },
          onOutage: 'fail',
          onBudget: 'fail',
          fallback: [{ pool: 'spare' }, { model: 'sketcher' }],
          fallbackOn: ['quota'],
          review: 'onFlag',
          check: { prompt: 'Is it red?', model: 'judge' },
        },
        prices: { painter: { input: 0.3, image: 0.04 } },
        budgets: { day: 20, tenantMonth: 5 },
      },
    ],
  });
  expect(pool!.policy).toEqual({
    backoff: { cap: 300_000 },
    onOutage: 'fail',
    onBudget: 'fail',
    fallback: [{ pool: 'spare' }, { model: 'sketcher' }],
    fallbackOn: ['quota'],
    review: 'onFlag',
    check: { prompt: 'Is it red?', model: 'judge' },
  });
  expect(pool!.prices).toEqual({ painter: { input: 0.3, image: 0.04 } });
  expect(pool!.budgets).toEqual({ day: 20, tenantMonth: 5 });
  expect(declarationOf(pool!)).not.toHaveProperty('prices');
});

test('a wrong policy, price or budget names its place', () => {
  expect(
    problemsOf({
      pools: [
        { name: 'a', policy: { backoff: { initial: '2m', max: '1m' }, fallback: [{}], fallbackOn: ['mood'] } },
        { name: 'b', models: { image: ['painter'] }, prices: { paniter: { image: 1 } } },
        { name: 'c', budgets: { day: 1 } },
        { name: 'e', policy: { check: { prompt: 'x', schema: { type: 'object', properties: {} } } } },
        { name: 'd', prices: { m: { image: -1 } }, budgets: { day: 0 } },
      ],
    }),
  ).toEqual([
    'pools[0].policy.backoff.initial: is more than max',
    'pools[0].policy.fallback[0]: must have pool or model',
    expect.stringContaining('pools[0].policy.fallbackOn[0]: '),
    'pools[1].prices.paniter: is not a model of the pool',
    'pools[2].budgets: requires prices',
    'pools[3].policy.check.schema.properties.flagged: is not a boolean: the answer must say whether the result is flagged',
    'pools[3].policy.check.schema.required: does not contain flagged',
    expect.stringContaining('pools[4].prices.m.image: '),
    expect.stringContaining('pools[4].budgets.day: '),
  ]);
});

test('each problem names its place in the file', () => {
  expect(
    problemsOf({
      pools: [
        { name: 'Bad', policy: { attemptTimeout: '5 minutes' } },
        { name: 'b', keys: [{ key: 'k' }, { requestsPerMinute: 0 }], modles: [] },
      ],
    }),
  ).toEqual([
    'pools[0].name: must be 1 to 63 lower-case letters, digits and inner -',
    'pools[0].policy.attemptTimeout: is not a duration',
    'pools[1].keys[1].requestsPerMinute: Too small: expected number to be >=1',
    'pools[1].keys[1]: requires either key or keyFile',
    'pools[1]: Unrecognized key: "modles"',
  ]);
});

test('two pools of the same name, no models and no pools are refused', () => {
  expect(problemsOf({ pools: [{ name: 'a' }, { name: 'a' }] })).toEqual(['pools[1].name: another pool is named a']);
  expect(problemsOf({ pools: [{ name: 'a', models: [] }] })).toEqual(['pools[0].models: must name a model']);
  expect(problemsOf({ pools: [] })).toHaveLength(1);
});

test('the options that jobs may set are declared; an unknown one, and one that Genwarden sets itself, are refused', () => {
  const [pool] = read({ pools: [{ name: 'a', providerOptions: ['temperature', 'tools'] }] });
  expect(declarationOf(pool!)).toMatchObject({ providerOptions: ['temperature', 'tools'] });
  expect(declarationOf(read({ pools: [{ name: 'a' }] })[0]!)).not.toHaveProperty('providerOptions');
  const problems = problemsOf({ pools: [{ name: 'a', providerOptions: ['topP', 'warmth', 'candidateCount'] }] });
  expect(problems).toEqual([
    expect.stringMatching(/^pools\[0\]\.providerOptions\[1\]: warmth is not an option of gemini; it has temperature, /),
    'pools[0].providerOptions[2]: candidateCount cannot be allowed: a task has one result; use more tasks',
  ]);
});

test('a file that is not JSON is refused without quoting it, because it may contain keys', () => {
  expect(problemsOf('{"pools": [{"keys": [{"key": "sesame"')).toEqual([
    'is not JSON: the mistake is in line 1, column 38',
  ]);
});

test('a key can be in a separate file, whose last line break is ignored', () => {
  const files: Record<string, string> = { '/keys/0': 'first\n', '/keys/1': 'second' };
  const keys = [{ keyFile: '/keys/0', requestsPerMinute: 3 }, { keyFile: '/keys/1' }];
  const pools = { pools: [{ name: 'a', keys, tenants: ['studio'], owner: 'uid-1' }] };
  const [pool] = loadPools(settings, (path) => files[path] ?? JSON.stringify(pools));
  expect(pool!.keys).toEqual([
    { secret: 'first', requestsPerMinute: 3, maxInFlight: 1_000 },
    { secret: 'second', requestsPerMinute: 10, maxInFlight: 1_000 },
  ]);
  expect(declarationOf(pool!)).toMatchObject({ name: 'a', tenants: ['studio'], owner: 'uid-1' });
  expect(declarationOf(read({ pools: [{ name: 'b' }] })[0]!)).not.toHaveProperty('tenants');
});

test('a key file that is missing, empty or contains more than a key is named', () => {
  const keys = [{ keyFile: '/gone' }, { keyFile: '/empty' }, { keyFile: '/two' }];
  const files = (path: string): string => {
    if (path === '/gone') throw new Error('ENOENT');
    return { '/empty': '\n', '/two': 'a b' }[path] ?? JSON.stringify({ pools: [{ name: 'a', keys }] });
  };
  const refused = expect.objectContaining({
    details: {
      problems: [
        'pools[0].keys[0].keyFile: cannot read the file (ENOENT)',
        'pools[0].keys[1].keyFile: /empty must contain exactly one key',
        'pools[0].keys[2].keyFile: /two must contain exactly one key',
      ],
    },
  });
  expect(() => loadPools(settings, files)).toThrow(refused);
  for (const key of [{}, { key: 'k', keyFile: '/f' }]) {
    expect(problemsOf({ pools: [{ name: 'a', keys: [key] }] })).toEqual([
      'pools[0].keys[0]: requires either key or keyFile',
    ]);
  }
});

test('without a file, the provider is the one that has keys, and Gemini if both or none have', () => {
  const poolOf = (env: Record<string, string>): PoolSettings => loadPools(loadSettings({ env }))[0]!;
  const openai = poolOf({ OPENAI_API_KEY: 'sk-a,sk-b', GENWARDEN_OPENAI_REQUESTS_PER_MINUTE: '50' });
  expect(openai).toMatchObject({ provider: 'openai', apiVersion: undefined, baseUrl: undefined });
  expect(openai.keys).toEqual(
    ['sk-a', 'sk-b'].map((secret) => ({ secret, requestsPerMinute: 50, maxInFlight: 1_000 })),
  );
  expect(openai.models).toMatchObject({ image: ['gpt-image-2.5-flare', 'gpt-image-1.5', 'gpt-image-1-mini'] });
  expect(openai.models.text[0]).toBe('gpt-5.4-mini');
  expect(poolOf({ OPENAI_API_KEY: 'sk-a', GEMINI_API_KEY: 'g' }).provider).toBe('gemini');
  expect(poolOf({}).provider).toBe('gemini');
});

test('pools of both providers each take what they leave out from the settings of their provider', () => {
  const both = loadSettings({
    env: {
      GENWARDEN_POOLS_FILE: '/pools.json',
      GENWARDEN_GEMINI_API_KEYS: 'of-gemini',
      GENWARDEN_OPENAI_API_KEYS: 'of-openai',
      GENWARDEN_OPENAI_BASE_URL: 'http://h:2/v1',
    },
  });
  const content = { pools: [{ name: 'a' }, { name: 'b', provider: 'openai' }] };
  const pools = loadPools(both, () => JSON.stringify(content));
  expect(pools.map(({ provider, keys, baseUrl }) => [provider, keys[0]!.secret, baseUrl])).toEqual([
    ['gemini', 'of-gemini', undefined],
    ['openai', 'of-openai', 'http://h:2/v1'],
  ]);
  expect(pools.map(({ models }) => models.image[0])).toEqual(['gemini-3.1-flash-image', 'gpt-image-2.5-flare']);
});

test('an unknown provider, and a version of OpenAI beside its address, are refused', () => {
  expect(problemsOf({ pools: [{ name: 'a', provider: 'acme' }] })).toEqual([
    'pools[0].provider: Invalid option: expected one of "gemini"|"openai"',
  ]);
  expect(problemsOf({ pools: [{ name: 'a', provider: 'openai', apiVersion: 'v1' }] })).toEqual([
    'pools[0].apiVersion: is not for this provider: the version is part of baseUrl, such as https://api.openai.com/v1',
  ]);
});
