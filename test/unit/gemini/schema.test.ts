// The schema on its way to the service, and answers that cannot be checked.

import { expect, test } from 'vitest';
import { AttemptFailed } from '../../../src/job/errors/index.ts';
import type { JsonObject } from '../../../src/job/task.ts';
import { fakeSchemaChecker } from '../../fakes/schemaChecker.ts';
import { aContext, cannedFetch, testProvider, textRequest, useStandin } from './gemini.ts';

const bench = useStandin();

const answerOf = (value: unknown): object => ({
  candidates: [{ content: { parts: [{ text: JSON.stringify(value) }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 3 },
});

test("Gemini's own dialect is sent with types in lower case, and all else as the client wrote it", async () => {
  const schema: JsonObject = {
    type: 'OBJECT',
    properties: {
      type: { type: 'STRING', enum: ['TYPE'] },
      default: { type: ['INTEGER', 'NULL'], default: { type: 'X' } },
    },
    anyOf: [{ items: { type: 'ARRAY' } }],
    propertyOrdering: ['type', 'default'],
  };
  const fetch = cannedFetch(answerOf({ type: 'TYPE', default: 1 }));
  const made = await testProvider({ fetch }).generate(textRequest({ prompt: 'x', schema }), aContext());
  expect(made.output).toEqual({ type: 'TYPE', default: 1 });
  expect(JSON.parse(fetch.bodies[0]!).generationConfig.responseJsonSchema).toEqual({
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['TYPE'] },
      default: { type: ['integer', 'null'], default: { type: 'X' } },
    },
    anyOf: [{ items: { type: 'array' } }],
    propertyOrdering: ['type', 'default'],
  });
});

test('an answer that cannot be checked ends the attempt with what it cost, without a repair', async () => {
  const fetch = cannedFetch(answerOf({ a: 1 }));
  const schemas = fakeSchemaChecker({
    check: () => Promise.resolve({ verdict: 'uncheckable', problem: 'takes more than 2 s to check' }),
  });
  const call = testProvider({ fetch, schemas }).generate(textRequest({ prompt: 'x', schema: {} }), {
    ...aContext(),
    anotherCall: () => Promise.resolve(true),
  });
  const thrown: unknown = await call.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(AttemptFailed);
  expect(thrown).toMatchObject({
    error: {
      code: 'SchemaUncheckable',
      retryable: false,
      message: 'The answer could not be checked: input.schema takes more than 2 s to check',
    },
    usage: { inputTokens: 10, outputTokens: 3, images: 0 },
  });
  expect(fetch.bodies).toHaveLength(1);
});

test.each<[string, JsonObject]>([
  [
    'recursion',
    {
      type: 'object',
      properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
      required: ['name', 'children'],
    },
  ],
  ['a pattern that backtracks', { type: 'string', pattern: '^(a+)+$' }],
  ['a pattern of Python', { type: 'string', pattern: '(?P<y>[0-9]+)' }],
  ['a needless escape', { type: 'string', pattern: '^https\\:\\/\\/' }],
  ['nullable beside anyOf', { type: 'object', properties: { a: { anyOf: [{ type: 'string' }], nullable: true } } }],
  ['types in capitals', { type: 'OBJECT', properties: { a: { type: 'STRING' } }, required: ['a'] }],
  [
    'a tuple of draft 7',
    { type: 'array', items: [{ type: 'string' }, { type: 'integer' }], additionalItems: false, minItems: 2 },
  ],
  ['limits of draft 4', { type: 'integer', minimum: 3, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: true }],
  ['a date', { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' }],
  ['codes', { type: 'array', items: { type: 'string', pattern: '^[A-Z]{3}-[0-9]{4}$' }, minItems: 2 }],
  [
    'parts that are referred to',
    {
      allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }],
      $defs: { a: { type: 'object', required: ['x'] }, b: { required: ['y'] } },
    },
  ],
])('the answer of the stand-in matches: %s', async (_name, schema) => {
  const made = await bench.provider.generate(textRequest({ prompt: 'x', schema }), aContext());
  expect(made.output).toBeDefined();
});
