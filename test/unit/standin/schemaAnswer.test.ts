// Structured answers of the stand-in satisfy the schema that was sent, in JSON Schema and in Gemini's own dialect.

import { Type } from '@google/genai';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStandin } from '../../../src/standin/standin.ts';
import type { Standin } from '../../../src/standin/standin.ts';
import { apiFailureOf, generate, textIn, textModel } from './gemini.ts';

const ajv = new Ajv2020({ allowUnionTypes: true, strictTypes: false, validateFormats: false });
const node = { type: 'object', properties: { child: { $ref: '#/$defs/node' } } };

const schemas: [string, object][] = [
  [
    'nested',
    {
      type: 'object',
      required: ['title', 'areas', 'kind'],
      additionalProperties: false,
      properties: {
        title: { type: 'string', minLength: 12, maxLength: 14 },
        kind: { const: 'garden' },
        colour: { type: 'string', pattern: '^#[0-9a-f]{6}$' },
        areas: {
          type: 'array',
          minItems: 3,
          uniqueItems: true,
          items: {
            type: 'object',
            required: ['name', 'plants'],
            properties: {
              name: { type: 'string' },
              plants: { type: 'integer', minimum: 2, maximum: 40 },
              sunny: { type: 'boolean' },
            },
          },
        },
      },
    },
  ],
  [
    'numbers',
    {
      type: 'array',
      prefixItems: [
        { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 2 },
        { type: 'number', exclusiveMinimum: 0, maximum: 1 },
        { type: 'number', maximum: -5 },
        { type: 'integer', minimum: 11, multipleOf: 5, maximum: 19 },
      ],
      items: false,
      minItems: 4,
    },
  ],
  [
    'choices',
    {
      type: 'object',
      required: ['size', 'either', 'nothing', 'both'],
      properties: {
        size: { enum: ['small', 'large'] },
        either: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
        nothing: { type: 'null' },
        maybe: { type: ['null', 'string'] },
        both: {
          allOf: [
            { properties: { a: { type: 'string' } }, required: ['a'] },
            { properties: { b: { type: 'number' } }, required: ['b'] },
          ],
        },
      },
    },
  ],
  ['recursive', { $ref: '#/$defs/node', $defs: { node } }],
  ['list of choices', { type: 'array', items: { enum: ['oak', 'ash'] }, uniqueItems: true, maxItems: 2 }],
];

describe('a structured answer', () => {
  let standin: Standin;
  beforeAll(async () => {
    standin = await startStandin();
  });
  afterAll(() => standin.close());

  async function answer(schema: object): Promise<unknown> {
    const config = { responseMimeType: 'application/json', responseJsonSchema: schema };
    return JSON.parse(textIn(await generate(standin, { prompt: 'plan', model: textModel, config })));
  }

  it.each(schemas)('satisfies a schema: %s', async (_, schema) => {
    const isValid = ajv.compile(schema);
    const value = await answer(schema);
    expect({ isValid: isValid(value), value, errors: isValid.errors }).toEqual({ isValid: true, value, errors: null });
    expect(await answer(schema)).toEqual(value);
  });

  it('fills optional properties, too', async () => {
    const value = await answer(schemas[0]?.[1] ?? {});
    expect(value).toMatchObject({ kind: 'garden', colour: '#3a7d44', areas: [{ sunny: true }, {}, {}] });
  });

  it("satisfies Gemini's own dialect", async () => {
    const properties = {
      name: { type: Type.STRING },
      count: { type: Type.INTEGER, minimum: 3 },
      tags: { type: Type.ARRAY, items: { type: Type.STRING }, minItems: '3' },
    };
    const responseSchema = { type: Type.OBJECT, properties, required: ['name', 'count', 'tags'] };
    const config = { responseMimeType: 'application/json', responseSchema };
    const value: unknown = JSON.parse(textIn(await generate(standin, { prompt: 'plan', model: textModel, config })));
    expect(value).toEqual({ name: 'name', count: 4, tags: ['tags', 'tags 2', 'tags 3'] });
  });

  const sameEverywhere = { $ref: '#' };
  const wide = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`a${index}`, sameEverywhere]));
  const properties = { a: { anyOf: [sameEverywhere, sameEverywhere] }, b: sameEverywhere };

  it.each<[string, object]>([
    ['two hundred properties that refer back', { type: 'object', properties: wide }],
    ['alternatives that refer back', { type: 'object', properties }],
    ['a pattern that backtracks', { type: 'array', items: { type: 'string', pattern: '^(a+)+$' }, minItems: 3 }],
    ['a name that backtracks', { type: 'object', properties: { [`${'a'.repeat(40)}!`]: { pattern: '^(a+)+$' } } }],
    ['repetitions that multiply', { type: 'string', pattern: '((a{1000}){1000}){1000}' }],
    ['thousands of groups', { type: 'string', pattern: '('.repeat(20_000) }],
  ])('is made within bounds: %s', async (_, schema) => {
    expect(await answer(schema)).toBeDefined();
  });

  it('gives texts that match patterns, each its own', async () => {
    const items = { type: 'string', pattern: '^(?:red|green|[A-Z]{2,}\\d+)-\\w+$', minLength: 6 };
    const values = (await answer({ type: 'array', items, minItems: 3, uniqueItems: true })) as string[];
    expect(values.filter((value) => /^(?:red|green|[A-Z]{2,}\d+)-\w+$/.test(value) && value.length >= 6)).toEqual(
      values,
    );
    expect(new Set(values).size).toBe(3);
  });

  it.each([
    ['endless', { $ref: '#/$defs/node', $defs: { node: { ...node, required: ['child'] } } }, /infinite/],
    ['huge', { type: 'array', minItems: 1_000, items: { type: 'array', minItems: 1_000, items: {} } }, /too large/],
    ['dangling', { $ref: '#/$defs/none' }, /leads nowhere/],
  ])('refuses a schema: %s', async (_, schema, message) => {
    const failure = await apiFailureOf(answer(schema));
    expect(failure.status).toBe(400);
    expect(failure.message).toMatch(message);
  });
});
