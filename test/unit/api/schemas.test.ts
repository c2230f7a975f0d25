// Schemas at submit: each is accepted or refused as the client can expect, with its place in the body.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { fakeSchemaChecker } from '../../fakes/schemaChecker.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const bodyWith = (schema: object): object => ({ kind: 'text', input: { prompt: 'x', schema } });

describe('accepted', () => {
  test.each<[string, object]>([
    [
      'recursive schema',
      {
        type: 'object',
        properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
        required: ['name', 'children'],
      },
    ],
    ['pattern that explodes', { type: 'string', pattern: '^(a+)+$' }],
    ['pattern of another dialect', { type: 'string', pattern: '(?P<y>[0-9]+)' }],
    ['escape that u refuses', { type: 'string', pattern: '^https\\:\\/\\/' }],
    ['nullable beside anyOf', { type: 'object', properties: { a: { anyOf: [{ type: 'string' }], nullable: true } } }],
    ['types in capitals', { type: 'OBJECT', properties: { a: { type: 'STRING' } } }],
    ['tuple of draft 7', { type: 'array', items: [{ type: 'string' }], additionalItems: false }],
    ['limits of draft 4', { type: 'number', minimum: 0, exclusiveMinimum: true }],
  ])('%s', async (_name, schema) => {
    expect((await world.post('/v1/jobs', bodyWith(schema))).status).toBe(202);
  });
});

describe('refused with 422', () => {
  test.each<[string, object, path: string, why: RegExp]>([
    ['remote reference', bodyWith({ $ref: 'https://example.com/a.json' }), 'input.schema.$ref', /another document/],
    [
      'endless reference',
      bodyWith({ anyOf: [{ $ref: '#' }, { $ref: '#' }] }),
      'input.schema.anyOf[0].$ref',
      /never end/,
    ],
    ['unknown type', bodyWith({ items: { type: 'wish' } }), 'input.schema.items.type', /must be one of null, boolean/],
    ['unknown dialect', bodyWith({ $schema: 'urn:mine' }), 'input.schema.$schema', /not supported/],
    [
      'lookahead',
      bodyWith({ pattern: '(?=a)' }),
      'input.schema.pattern',
      /lookahead \(\?=…\) is not supported: patterns run in linear time/,
    ],
    [
      'a pattern as a key',
      bodyWith({ patternProperties: { '(a)\\1': {} } }),
      'input.schema.patternProperties["(a)\\\\1"]',
      /backreference/,
    ],
    [
      'a level too many',
      bodyWith(JSON.parse(`${'{"not":'.repeat(70)}{}${'}'.repeat(70)}`) as object),
      'input.schema',
      /64 levels/,
    ],
    ['bytes', bodyWith({ description: 'x'.repeat(65_536) }), 'input.schema', /larger than 64 KiB/],
    [
      "a task's own",
      {
        kind: 'text',
        input: { prompt: 'x', schema: { type: 'string' } },
        tasks: [{}, {}, { input: { schema: { properties: { a: { pattern: '(?<=a)b' } } } } }],
      },
      'tasks[2].input.schema.properties.a.pattern',
      /lookbehind/,
    ],
    [
      'the one that tasks share, in its own place',
      {
        kind: 'text',
        input: { schema: { type: 'wish' } },
        tasks: [{ input: { prompt: 'a' } }, { input: { prompt: 'b' } }],
      },
      'input.schema.type',
      /"wish"/,
    ],
  ])('%s', async (_name, body, path, why) => {
    const { status, json } = await world.post('/v1/jobs', body);
    expect([status, json.code]).toEqual([422, 'InvalidRequest']);
    expect(json.errors).toContainEqual({ path, message: expect.stringMatching(why) });
  });

  test('schemas that are too large together', async () => {
    const tasks = Array.from({ length: 20 }, (_, index) => ({
      input: { schema: { description: `${index}${'x'.repeat(60_000)}` } },
    }));
    const { status, json } = await world.post('/v1/jobs', { kind: 'text', input: { prompt: 'x' }, tasks });
    expect(status).toBe(422);
    expect(json.errors).toEqual([{ path: 'tasks[17].input.schema', message: expect.stringMatching(/1 MiB together/) }]);
  });
});

test('nothing is stored for a job whose schema is refused, and each tenant has its own turn', async () => {
  const owners: (string | undefined)[] = [];
  const problems = (_schema: object, owner?: string): Promise<{ path: string; message: string }[]> => {
    owners.push(owner);
    return Promise.resolve([{ path: '', message: 'takes more than 2 s to check' }]);
  };
  await using other = await apiWorld({ schemas: fakeSchemaChecker({ problems }) });
  const { status, json } = await other.post('/v1/jobs', bodyWith({}));
  expect([status, json.detail]).toEqual([422, 'input.schema: takes more than 2 s to check']);
  expect(owners).toEqual(['default']);
  expect((await other.get('/v1/jobs')).json.items).toEqual([]);
});
