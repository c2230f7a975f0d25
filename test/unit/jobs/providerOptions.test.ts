// What a job may set in providerOptions: by the pool of its model and of each fallback, checked at submit with every place.
import { expect, test } from 'vitest';
import type { PoolDeclaration } from '../../../src/ports/poolRegistry.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { fakePoolRegistry } from '../../fakes/poolRegistry.ts';

const other = { name: 'other', provider: 'oracle', models: { image: [], text: ['seer'] }, policy: {} };

async function world(over: Partial<PoolDeclaration> = {}, more: readonly PoolDeclaration[] = []): Promise<ApiWorld> {
  const pools = fakePoolRegistry();
  const models = { image: ['gemini-3.1-flash-image'], text: ['gemini-3.1-flash', 'gemini-3.1-pro'] };
  await pools.declare({ name: 'default', provider: 'gemini', models, policy: {}, ...over });
  for (const pool of more) await pools.declare(pool);
  return apiWorld({ pools });
}

const body = (providerOptions: object, over: object = {}) => ({
  kind: 'text',
  input: { prompt: 'a', providerOptions },
  ...over,
});

const problems: [what: string, options: object, path: string, message: RegExp][] = [
  ['one that no provider has', { warmth: 1 }, '.warmth', /^is not allowed; allowed: temperature, topP, topK, max/],
  ['one that pools must name', { serviceTier: 'flex' }, '.serviceTier', /^is not allowed; allowed: temperature/],
  ['the model', { model: 'x' }, '.model', /^cannot be set: set model instead$/],
  ['more candidates', { candidateCount: 2 }, '.candidateCount', /^cannot be set: a task has one result/],
  ['the schema of the answer', { responseJsonSchema: {} }, '.responseJsonSchema', /set input\.schema instead$/],
  ['an address', { httpOptions: { baseUrl: 'http://a' } }, '.httpOptions', /^cannot be set: Genwarden sends/],
  ['a property of every object', { constructor: {} }, '.constructor', /^is not allowed/],
  ['a text for a number', { temperature: 'hot' }, '.temperature', /^must be a number from 0 to 2$/],
  ['a number out of range', { temperature: 2.1 }, '.temperature', /^must be a number from 0 to 2$/],
  ['a fraction for a count', { maxOutputTokens: 1.5 }, '.maxOutputTokens', /^must be an integer of at least 1$/],
  ['too many texts', { stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'] }, '.stopSequences', /^has more than 5 items$/],
  ['a list of numbers', { stopSequences: ['a', 1] }, '.stopSequences[1]', /^must be a string$/],
  ['an unknown field', { thinkingConfig: { deep: true } }, '.thinkingConfig.deep', /^is not a field; it has include/],
  [
    'an unknown level',
    { thinkingConfig: { thinkingLevel: 'max' } },
    '.thinkingConfig.thinkingLevel',
    /^must be one of/,
  ],
];

test.each(problems)('refuses %s', async (_what, options, path, message) => {
  await using api = await world();
  const { status, json } = await api.post('/v1/jobs', body(options));
  expect([status, json.code]).toEqual([422, 'InvalidRequest']);
  const at = `input.providerOptions${path}`;
  expect(json.errors).toEqual([{ path: at, message: expect.stringMatching(message) }]);
  expect(api.log.stream.size.messages).toBe(0);
});

test('a key that would change every object is refused like any other', async () => {
  await using api = await world();
  const text = '{"kind":"text","input":{"prompt":"a","providerOptions":{"__proto__":{"temperature":1}}}}';
  const { status, json } = await api.post('/v1/jobs', JSON.parse(text));
  expect(status).toBeGreaterThanOrEqual(400);
  expect(JSON.stringify(json)).toContain('__proto__');
  expect(({} as { temperature?: number }).temperature).toBeUndefined();
});

test('the default list is accepted, and stored as it was sent', async () => {
  await using api = await world();
  const options = { temperature: 0, topP: 1, topK: 40, maxOutputTokens: 8_192, stopSequences: ['END'] };
  const more = { thinkingConfig: { thinkingBudget: -1 }, presencePenalty: -2, mediaResolution: 'MEDIA_RESOLUTION_LOW' };
  const { status, json } = await api.post('/v1/jobs', body({ ...options, ...more }));
  expect(status).toBe(202);
  const { request } = (await api.log.read(json.id))!.tasks[0]!;
  expect(request.input.providerOptions).toEqual({ ...options, ...more });
});

test("a pool's own list replaces the default; an empty one allows nothing", async () => {
  const tools = { tools: [{ googleSearch: {} }] };
  await using listed = await world({ providerOptions: ['temperature', 'tools'] });
  expect((await listed.post('/v1/jobs', body({ temperature: 1, ...tools }))).status).toBe(202);
  const refused = await listed.post('/v1/jobs', body({ topP: 1 }));
  expect(refused.json.errors[0].message).toBe('is not allowed; allowed: temperature, tools');
  const functions = await listed.post('/v1/jobs', body({ tools: [{ functionDeclarations: [] }] }));
  expect(functions.json.errors[0].path).toBe('input.providerOptions.tools[0].functionDeclarations');
  await using closed = await world({ providerOptions: [] });
  expect((await closed.post('/v1/jobs', body({}))).status).toBe(202);
  expect((await closed.post('/v1/jobs', body({ topP: 1 }))).json.errors[0].message).toMatch(/allowed: none$/);
});

test('the list of each pool is shown: its own, the default of its provider, or none for an unknown provider', async () => {
  const closed = { ...other, name: 'closed', providerOptions: ['mood'] };
  await using api = await world({}, [closed, other]);
  const { items } = (await api.get('/v1/pools')).json;
  const shown = Object.fromEntries(items.map((pool: { name: string }) => [pool.name, pool])) as Record<string, object>;
  expect(shown).toMatchObject({ closed: { providerOptions: ['mood'] }, other: { providerOptions: null } });
  expect(shown['default']).toMatchObject({
    providerOptions: expect.arrayContaining(['temperature', 'thinkingConfig']),
  });
  expect(shown['default']).toMatchObject({ providerOptions: expect.not.arrayContaining(['tools']) });
});

test('an option of the other kind says so', async () => {
  const models = { image: ['gpt-image-1'], text: ['gpt-5'] };
  const openai = { name: 'gpt', provider: 'openai', models, policy: {} };
  await using api = await world({}, [openai]);
  const { json } = await api.post('/v1/jobs', body({ temperature: 1 }, { kind: 'image', pool: 'gpt' }));
  expect(json.errors).toEqual([
    {
      path: 'input.providerOptions.temperature',
      message: expect.stringMatching(/^is not supported by kind image; allowed: quality, /),
    },
  ]);
});

test('each place is named once: the options that tasks share, and those of a task', async () => {
  await using api = await world();
  const own = { input: { providerOptions: { topK: 0 } } };
  const { json } = await api.post('/v1/jobs', body({ topP: 7 }, { tasks: [{}, own, {}] }));
  expect(json.errors.map(({ path }: { path: string }) => path)).toEqual([
    'input.providerOptions.topP',
    'tasks[1].input.providerOptions.topK',
  ]);
});

test('options that a requested fallback does not take are refused; a default fallback is left out', async () => {
  const closed = { ...other, providerOptions: ['mood'] };
  await using api = await world({ policy: { fallback: [{ pool: 'other' }, { model: 'gemini-3.1-pro' }] } }, [closed]);
  const fallback = { policy: { fallback: [{ pool: 'other' }] } };
  const { json, status } = await api.post('/v1/jobs', body({ topP: 1 }, fallback));
  expect(status).toBe(422);
  expect(json.errors).toEqual([
    {
      path: 'input.providerOptions.topP',
      message: 'is not allowed; allowed: mood for seer (policy.fallback[0])',
    },
  ]);
  const made = await api.post('/v1/jobs', body({ topP: 1 }));
  const record = (await api.log.read(made.json.id))!;
  expect(record.tasks[0]!.last.state.of.policy.fallback).toEqual([{ pool: 'default', model: 'gemini-3.1-pro' }]);
});

test('the options of a provider that this version does not know are passed on', async () => {
  await using api = await world({}, [other]);
  expect((await api.post('/v1/jobs', body({ mood: { deep: [1] } }, { pool: 'other' }))).status).toBe(202);
});
