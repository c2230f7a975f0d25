// Every bad submit is refused with a problem document that names the place, and stores nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const yard = { kind: 'image', input: { prompt: 'a yard' } };
const deep = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
const many = (count: number) => Array.from({ length: count }, () => ({}));
const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`l${at}`, 'x']));

const deepText = `{"kind":"image","metadata":${'['.repeat(99_999)}${']'.repeat(99_999)}}`;

/** Body, and the path and the words that the first error must have. */
const refused: [name: string, body: unknown, path: string, words: RegExp][] = [
  ['no kind', { input: { prompt: 'a' } }, 'kind', /option|expected/i],
  ['an unknown field', { ...yard, colour: 1 }, 'colour', /not a known field/],
  ['an unknown field of a task', { ...yard, tasks: [{}, { nmae: 'x' }] }, 'tasks[1].nmae', /not a known field/],
  ['an unknown field of input', { kind: 'image', input: { prompt: 'a', promt: 'b' } }, 'input.promt', /not a known/],
  ['an unknown field of policy', { ...yard, policy: { patience: 1 } }, 'policy.patience', /not a known field/],
  ['an empty backoff', { ...yard, policy: { backoff: {} } }, 'policy.backoff', /must have initial or max/],
  [
    'a backoff whose first delay is more than its last',
    { ...yard, policy: { backoff: { initial: '2m', max: '1m' } } },
    'policy.backoff.initial',
    /more than max/,
  ],
  ['a backoff of days', { ...yard, policy: { backoff: { max: '1d' } } }, 'policy.backoff.max', /0s to 1h/],
  ['patience sometimes', { ...yard, policy: { onOutage: 'maybe' } }, 'policy.onOutage', /wait/],
  ['no fallback', { ...yard, policy: { fallback: [] } }, 'policy.fallback', /empty/],
  ['a fallback to nothing', { ...yard, policy: { fallback: [{}] } }, 'policy.fallback[0]', /pool or model/],
  [
    'six fallbacks',
    { ...yard, policy: { fallback: many(6).map((_, at) => ({ model: `m${at}` })) } },
    'policy.fallback',
    /more than 5/,
  ],
  [
    'a fallback to the job itself',
    { ...yard, policy: { fallback: [{ model: 'gemini-3.1-flash-image' }] } },
    'policy.fallback[0]',
    /like the job itself/,
  ],
  ['an unknown cause', { ...yard, policy: { fallbackOn: ['mood'] } }, 'policy.fallbackOn[0]', /outage/],
  ['a cause twice', { ...yard, policy: { fallbackOn: ['quota', 'quota'] } }, 'policy.fallbackOn', /twice/],
  [
    'an integer that would be rounded',
    '{"kind":"image","metadata":{"ids":[9007199254740993]}}',
    'metadata.ids[0]',
    /exactly/,
  ],
  [
    'an option that would become infinite',
    '{"kind":"image","input":{"prompt":"a","providerOptions":{"x":1e999}}}',
    'input.providerOptions.x',
    /write it as a string/,
  ],
  [
    'a bound of a schema that would be rounded',
    '{"kind":"text","input":{"prompt":"a","schema":{"maximum":9223372036854775807}}}',
    'input.schema.maximum',
    /exactly/,
  ],
  ['no prompt', { kind: 'image' }, 'input.prompt', /missing/],
  [
    'no prompt of one task',
    { kind: 'image', tasks: [{ input: { prompt: 'a' } }, {}] },
    'tasks[1].input.prompt',
    /missing/,
  ],
  ['an empty prompt', { kind: 'image', input: { prompt: ' \n' } }, 'input.prompt', /empty/],
  ['a long prompt', { kind: 'image', input: { prompt: 'ä'.repeat(16_385) } }, 'input.prompt', /32 KiB/],
  ['501 tasks', { ...yard, tasks: many(501) }, 'tasks', /500/],
  ['no tasks', { ...yard, tasks: [] }, 'tasks', /empty/],
  ['two tasks of a name', { ...yard, tasks: [{ name: 'a' }, { name: 'a' }] }, 'tasks[1].name', /another task/],
  ['a long name', { ...yard, tasks: [{ name: 'x'.repeat(101) }] }, 'tasks[0].name', /100/],
  ['a name with a line end', { ...yard, tasks: [{ name: 'a\nb' }] }, 'tasks[0].name', /printable/],
  ['an empty name', { ...yard, tasks: [{ name: '' }] }, 'tasks[0].name', /empty/],
  ['a duration in words', { ...yard, policy: { runTimeout: '5 minutes' } }, 'policy.runTimeout', /such as 500ms/],
  ['a duration as a number', { ...yard, policy: { runTimeout: 300 } }, 'policy.runTimeout', /string/],
  ['a duration out of bounds', { ...yard, policy: { attemptTimeout: '2h' } }, 'policy.attemptTimeout', /100ms to 1h/],
  ['a deadline of nothing', { ...yard, policy: { deadline: '0s' } }, 'policy.deadline', /100ms/],
  ['0 attempts', { ...yard, policy: { maxAttempts: 0 } }, 'policy.maxAttempts', />=1/],
  ['21 attempts', { ...yard, policy: { maxAttempts: 21 } }, 'policy.maxAttempts', /<=20/],
  ['a review sometimes', { ...yard, policy: { review: 'sometimes' } }, 'policy.review', /never/],
  ['17 labels', { ...yard, labels: labels(17) }, 'labels', /16/],
  ['a label key with a space', { ...yard, labels: { 'a b': 'x' } }, 'labels.a b', /label key/],
  ['a label value with a slash', { ...yard, labels: { a: 'x/y' } }, 'labels.a', /label value/],
  ['a label value that is a number', { ...yard, labels: { a: 1 } }, 'labels.a', /string/],
  ['large metadata', { ...yard, metadata: 'x'.repeat(4_096) }, 'metadata', /4 KiB/],
  ['large metadata of a task', { ...yard, tasks: [{ metadata: ['x'.repeat(4_096)] }] }, 'tasks[0].metadata', /4 KiB/],
  ['deep metadata', { ...yard, metadata: deep(100) }, 'metadata', /64 levels/],
  ['very deep metadata', deepText, 'metadata', /1,000 levels/],
  ['a number below zero that is zero', '{"kind":"image","metadata":{"x":[-0.0]}}', 'metadata.x[0]', /-0\.0.*write 0/],
  ['half of a character', '{"kind":"image","input":{"prompt":"x\\ud800"}}', 'input.prompt', /\\ud800, half of a/],
  ['half of a character in a key', '{"kind":"image","metadata":{"\\udfff":1}}', 'metadata["\\udfff"]', /\\udfff, half/],
  ['a key twice', '{"kind":"image","input":{"prompt":"a"},"kind":"text"}', 'kind', /twice/],
  ['a key that reaches a prototype', '{"metadata":{"__proto__":{"x":1}}}', 'metadata.__proto__', /not accepted/],
  ["a constructor's prototype", '{"constructor":{"prototype":{}}}', 'constructor.prototype', /not accepted/],
  ['a schema for an image', { kind: 'image', input: { prompt: 'a', schema: {} } }, 'input.schema', /kind image/],
  [
    'an aspect ratio for text',
    { kind: 'text', input: { prompt: 'a', aspectRatio: '1:1' } },
    'input.aspectRatio',
    /kind text/,
  ],
  [
    'an invalid schema',
    { kind: 'text', input: { prompt: 'a', schema: { type: 'wish' } } },
    'input.schema.type',
    /is "wish", but must be one of null/,
  ],
  ['a schema that is a list', { kind: 'text', input: { prompt: 'a', schema: [] } }, 'input.schema', /not an object/],
  [
    'an aspect ratio in words',
    { kind: 'image', input: { prompt: 'a', aspectRatio: 'wide' } },
    'input.aspectRatio',
    /16:9/,
  ],
  ['a seed with a fraction', { kind: 'image', input: { prompt: 'a', seed: 0.5 } }, 'input.seed', /int/],
  ['an invalid pool name', { ...yard, pool: 'a.b' }, 'pool', /name of a pool/],
  ['a priority', { ...yard, priority: 'urgent' }, 'priority', /high/],
  ['a list', [yard], 'body', /object/],
  ['null', 'null', 'body', /is null/],
];

describe('POST /v1/jobs refuses', () => {
  test.each(refused)('%s', async (_name, body, path, words) => {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const { status, json, headers } = await world.post('/v1/jobs', payload, { 'content-type': 'application/json' });
    expect(json).toMatchObject({ code: 'InvalidRequest', status: 422 });
    expect(status).toBe(422);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(json.errors.map((error: { path: string }) => error.path)).toContain(path);
    expect(json.errors.find((error: { path: string }) => error.path === path).message).toMatch(words);
    expect(json).toMatchObject({ title: expect.any(String), hint: expect.any(String), requestId: expect.any(String) });
    expect(json.type).toBe('https://genwarden.dev/docs/errors#invalidrequest');
  });

  const otherwise: [name: string, payload: string, type: string, status: number, code: string, words: RegExp][] = [
    [
      'malformed JSON',
      '{"kind": "image",\n"input": {,}}',
      'application/json',
      400,
      'MalformedJson',
      /^The body is not valid JSON: line 2, column 11: expected a key in double quotes or "}", but found ","$/,
    ],
    [
      'bytes that are not UTF-8',
      '{"kind":"image","input":{"prompt":"caf\xe9"}}',
      'application/json',
      400,
      'MalformedJson',
      /^The body is not UTF-8: byte 0xe9 at offset 38$/,
    ],
    [
      'a form',
      'kind=image',
      'application/x-www-form-urlencoded',
      415,
      'UnsupportedMediaType',
      /x-www-form-urlencoded: send JSON/,
    ],
    ['null', 'null', 'application/json', 422, 'InvalidRequest', /body: is null/],
    ['plain text', 'kind', 'text/plain', 415, 'UnsupportedMediaType', /text\/plain: send JSON/],
    ['26 MiB', `"${'x'.repeat(26 * 1024 * 1024)}"`, 'application/json', 413, 'BodyTooLarge', /25 MiB/],
    [
      'an unknown pool',
      JSON.stringify({ ...yard, pool: 'nowhere' }),
      'application/json',
      422,
      'PoolNotFound',
      /default, drawings/,
    ],
    [
      'an unknown model',
      JSON.stringify({ ...yard, model: 'dall-e-1' }),
      'application/json',
      422,
      'ModelNotInPool',
      /gemini-3-pro-image/,
    ],
    [
      'a text model for an image',
      JSON.stringify({ ...yard, model: 'gemini-2.5-flash' }),
      'application/json',
      422,
      'ModelNotInPool',
      /kind image/,
    ],
    [
      'a kind the pool has no model for',
      JSON.stringify({ ...yard, kind: 'text', pool: 'drawings' }),
      'application/json',
      422,
      'ModelNotInPool',
      /none for kind text/,
    ],
  ];
  test.each(otherwise)('%s', async (_name, payload, type, status, code, words) => {
    const answer = await world.post('/v1/jobs', Buffer.from(payload, 'latin1'), { 'content-type': type });
    expect(answer).toMatchObject({ status, json: { status, code } });
    expect(answer.json.detail).toMatch(words);
    expect(JSON.stringify(answer.json)).not.toMatch(/node_modules|\.ts:/);
  });

  test('nothing of all that was stored', () => {
    expect(world.log.stream.size.messages).toBe(0);
  });
});

describe('other bad requests', () => {
  test.each([
    ['/v1/jobs?limit=501', 422, 'InvalidRequest'],
    ['/v1/jobs?limit=0', 422, 'InvalidRequest'],
    ['/v1/jobs?status=failed', 422, 'InvalidRequest'],
    ['/v1/jobs?state=done', 422, 'InvalidRequest'],
    ['/v1/jobs?label=x', 422, 'InvalidRequest'],
    ['/v1/jobs?cursor=x', 400, 'InvalidCursor'],
    ['/v1/jobs/nonsense', 404, 'JobNotFound'],
    ['/v1/jobs/01hzy3v8k0000000000000none', 404, 'JobNotFound'],
    ['/v1/jobs/01hzy3v8k0000000000000none?wait=2m', 422, 'InvalidRequest'],
    ['/v1/jobs/01hzy3v8k0000000000000none?wait=soon', 422, 'InvalidRequest'],
    ['/v1/nothing', 404, 'RouteNotFound'],
    ['/v1/jobs/%zz', 400, 'MalformedRequest'],
    ['/v1/jobs/%ff', 400, 'MalformedRequest'],
    ['/v1/jobs?search=%ed%a0%80', 400, 'MalformedRequest'],
    ['/v1/jobs?search=100%', 400, 'MalformedRequest'],
    ['/v1/jobs/', 404, 'RouteNotFound'],
    ['//v1/jobs', 404, 'RouteNotFound'],
    ['/v1/jobs%2Fx', 404, 'RouteNotFound'],
  ])('GET %s is %i %s', async (url, status, code) => {
    const { json, headers } = await world.get(url);
    expect(json).toMatchObject({ status, code });
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  test('a method that an address does not know', async () => {
    const response = await world.api.inject({ method: 'PUT', url: '/v1/jobs?x=1' });
    expect(response.headers['allow']).toBe('GET, HEAD, OPTIONS, POST');
    expect(response.json()).toMatchObject({
      status: 405,
      code: 'MethodNotAllowed',
      detail: 'There is no endpoint PUT /v1/jobs; it has GET, HEAD, OPTIONS, POST',
    });
    const query = await world.api.inject({ method: 'QUERY', url: '/v1/jobs' });
    expect([query.statusCode, query.headers['allow']]).toEqual([405, 'GET, HEAD, OPTIONS, POST']);
    const cancel = await world.api.inject({ method: 'GET', url: '/v1/jobs/x/cancel' });
    expect([cancel.statusCode, cancel.headers['allow']]).toEqual([405, 'OPTIONS, POST']);
  });

  test.each(['/healthz', '/openapi.json', '/v1/workers', '/v1/jobs/x'])(
    'a query that %s does not know',
    async (url) => {
      const { status, json } = await world.get(`${url}?colour=red`);
      expect([status, json.errors]).toEqual([422, [{ path: 'query.colour', message: 'is not a known field' }]]);
    },
  );

  test('an unexpected error is a 500 without its stack', async () => {
    await using broken = await apiWorld();
    broken.log.read = () => Promise.reject(new Error('at /secret/place.ts:1'));
    const { status, json } = await broken.get('/v1/jobs/01hzy3v8k0000000000000none');
    expect([status, json.code]).toEqual([500, 'InternalError']);
    expect(JSON.stringify(json)).not.toContain('secret');
  });

  test("the client's request id is the answer's", async () => {
    const { headers, json } = await world.get('/v1/nothing', { 'x-request-id': 'abc-1' });
    expect([headers['x-request-id'], json.requestId]).toEqual(['abc-1', 'abc-1']);
  });
});
