// Schemas of every dialect that clients send work: values are checked as their author meant.

import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../../src/adapters/jsonSchema/compile.ts';
import type { JsonObject, JsonValue } from '../../../src/job/task.ts';

function problemOf(schema: JsonObject, value: JsonValue): string | undefined {
  const { problems, check } = compileSchema(schema);
  if (problems !== undefined) throw new Error(JSON.stringify(problems));
  return check(value);
}

interface Works {
  readonly schema: JsonObject;
  readonly right: readonly JsonValue[];
  readonly wrong: readonly JsonValue[];
}

const tree = {
  type: 'object',
  properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
  required: ['name', 'children'],
};
/** A literal key would make the object look like a promise. */
const thenKeyword = String('then');
const leaf = { name: 'leaf', children: [] };

describe('works', () => {
  test.each<[string, Works]>([
    [
      'recursion',
      { schema: tree, right: [leaf, { name: 'a', children: [leaf] }], wrong: [{ name: 'a', children: [{}] }] },
    ],
    [
      'recursion through $defs',
      {
        schema: {
          $ref: '#/$defs/node',
          $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, required: ['id'] } },
        },
        right: [{ id: 1, next: { id: 2 } }],
        wrong: [{ id: 1, next: {} }],
      },
    ],
    [
      'definitions of draft 7',
      { schema: { $ref: '#/definitions/a', definitions: { a: { type: 'string' } } }, right: ['a'], wrong: [1] },
    ],
    [
      'identifiers, anchors, and references to any place',
      {
        schema: {
          $id: 'https://example.com/plan.json',
          $defs: {
            plant: { $id: 'plant.json', $anchor: 'top', type: 'string' },
            other: { $id: '#old', type: 'number' },
          },
          type: 'object',
          properties: {
            a: { $ref: 'plant.json' },
            b: { $ref: 'plant.json#top' },
            c: { $ref: 'https://example.com/plan.json#/$defs/plant' },
            d: { $ref: '#/properties/a' },
            e: { $ref: '#old' },
            'odd/~name': { type: 'boolean' },
            f: { $ref: '#/properties/odd~1~0name' },
          },
        },
        right: [{ a: 'x', b: 'x', c: 'x', d: 'x', e: 1, f: true }],
        wrong: [{ a: 1 }, { b: 1 }, { c: 1 }, { d: 1 }, { e: 'x' }, { f: 1 }],
      },
    ],
    [
      'a reference with siblings',
      {
        schema: { $ref: '#/$defs/a', maxLength: 2, $defs: { a: { minLength: 1 } } },
        right: ['ab'],
        wrong: ['', 'abc'],
      },
    ],
    [
      'nullable beside type',
      { schema: { type: 'string', nullable: true, minLength: 1 }, right: [null, 'a'], wrong: ['', 1] },
    ],
    [
      'nullable beside anyOf, enum, const and $ref',
      {
        schema: {
          type: 'object',
          properties: {
            a: { anyOf: [{ type: 'string' }], nullable: true },
            b: { enum: ['x'], nullable: true },
            c: { const: 'x', nullable: true },
            d: { $ref: '#/properties/b', nullable: true },
            e: { type: 'string', enum: ['x'], nullable: true },
          },
        },
        right: [
          { a: null, b: null, c: null, d: null, e: null },
          { a: 'x', b: 'x', c: 'x', d: 'x', e: 'x' },
        ],
        wrong: [{ a: 1 }, { b: 'y' }, { c: 'y' }, { d: 'y' }, { e: 'y' }],
      },
    ],
    [
      'types in capitals',
      {
        schema: {
          type: 'OBJECT',
          properties: { a: { type: 'STRING' }, b: { type: 'ARRAY', items: { type: 'INTEGER' }, minItems: '2' } },
        },
        right: [{ a: 'x', b: [1, 2] }],
        wrong: [{ a: 1 }, { b: [1] }, { b: [1, 1.5] }],
      },
    ],
    ['a list of types', { schema: { type: ['string', 'null'] }, right: ['a', null], wrong: [1] }],
    [
      'tuples of draft 7',
      {
        schema: { type: 'array', items: [{ type: 'string' }, { type: 'number' }], additionalItems: false },
        right: [['a', 1], ['a'], []],
        wrong: [[1], ['a', 1, 2]],
      },
    ],
    [
      'tuples of draft 7 that say so',
      {
        schema: {
          $schema: 'http://json-schema.org/draft-07/schema#',
          items: [{ type: 'string' }],
          additionalItems: { type: 'number' },
        },
        right: [['a', 1, 2]],
        wrong: [['a', 'b']],
      },
    ],
    [
      'additionalItems without a tuple',
      { schema: { items: { type: 'string' }, additionalItems: false }, right: [['a', 'b']], wrong: [[1]] },
    ],
    [
      'tuples of draft 2020-12',
      { schema: { prefixItems: [{ type: 'string' }], items: false }, right: [['a']], wrong: [['a', 1]] },
    ],
    [
      'limits of draft 4',
      {
        schema: {
          $schema: 'http://json-schema.org/draft-04/schema#',
          id: 'http://example.com/a',
          minimum: 0,
          exclusiveMinimum: true,
          maximum: 9,
          exclusiveMaximum: false,
        },
        right: [1, 9],
        wrong: [0, 10],
      },
    ],
    ['limits of draft 6', { schema: { exclusiveMinimum: 0, minimum: -5 }, right: [1], wrong: [0] }],
    [
      'dependencies of draft 7',
      {
        schema: { dependencies: { a: ['b'], c: { required: ['d'] } } },
        right: [{}, { a: 1, b: 1 }, { c: 1, d: 1 }],
        wrong: [{ a: 1 }, { c: 1 }],
      },
    ],
    [
      'dependentRequired and dependentSchemas',
      {
        schema: { dependentRequired: { a: ['b'] }, dependentSchemas: { c: { required: ['d'] } } },
        right: [{}],
        wrong: [{ a: 1 }, { c: 1 }],
      },
    ],
    [
      'conditions',
      {
        schema: { if: { type: 'string' }, [thenKeyword]: { minLength: 2 }, else: { type: 'number' } },
        right: ['ab', 1],
        wrong: ['a', null],
      },
    ],
    [
      'not, allOf and oneOf',
      {
        schema: { allOf: [{ not: { const: 1 } }], oneOf: [{ type: 'integer' }, { minimum: 5 }] },
        right: [2, 5.5],
        wrong: [1, 6],
      },
    ],
    ['contains', { schema: { contains: { const: 1 }, maxContains: 1 }, right: [[1, 2]], wrong: [[2], [1, 1]] }],
    [
      'patternProperties and propertyNames',
      {
        schema: {
          patternProperties: { '^a': { type: 'string' } },
          propertyNames: { maxLength: 2 },
          additionalProperties: false,
        },
        right: [{ ab: 'x' }],
        wrong: [{ a: 1 }, { b: 'x' }, { abc: 'x' }],
      },
    ],
    [
      'two patterns in one schema',
      {
        schema: { properties: { a: { pattern: '^a$' }, b: { pattern: '^b$' } } },
        right: [{ a: 'a', b: 'b' }],
        wrong: [{ a: 'b' }, { b: 'a' }],
      },
    ],
    [
      'unevaluatedProperties',
      {
        schema: { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
        right: [{ a: 1 }],
        wrong: [{ b: 1 }],
      },
    ],
    [
      'uniqueItems',
      {
        schema: { uniqueItems: true },
        right: [[1, '1', { a: 1, b: 2 }], []],
        wrong: [
          [
            { a: 1, b: 2 },
            { b: 2, a: 1 },
          ],
        ],
      },
    ],
    [
      'enum of objects',
      { schema: { enum: [{ a: [1], b: null }, 'x'] }, right: [{ b: null, a: [1] }, 'x'], wrong: [{ a: [1] }, 'y'] },
    ],
    [
      'names that every object has',
      {
        schema: { required: ['constructor'], properties: { toString: { type: 'string' } } },
        right: [{ constructor: 1 }],
        wrong: [{}, { constructor: 1, toString: 1 }],
      },
    ],
    [
      'a constant with any name',
      { schema: { const: { valueOf: 1 } }, right: [{ valueOf: 1 }], wrong: [{ valueOf: 2 }, {}] },
    ],
    [
      'a keyword as a property',
      {
        schema: { properties: { $ref: { type: 'string' }, type: { type: 'number' }, nullable: { type: 'null' } } },
        right: [{ $ref: 'a', type: 1 }],
        wrong: [{ $ref: 1 }, { type: 'a' }],
      },
    ],
    [
      'hints for the model',
      {
        schema: {
          type: 'string',
          format: 'email',
          title: 'T',
          example: 1,
          propertyOrdering: ['a'],
          'x-mine': {},
          $comment: 'c',
          default: 1,
        },
        right: ['no address'],
        wrong: [1],
      },
    ],
    [
      'code in a name',
      {
        schema: { properties: { "'];throw 1//": { type: 'string' }, '${1}`': { const: '\u2028"' } } },
        right: [{ '${1}`': '\u2028"' }],
        wrong: [{ "'];throw 1//": 1 }, { '${1}`': 1 }],
      },
    ],
    ['everything', { schema: {}, right: [null, 1, {}], wrong: [] }],
  ])('%s', (_name, { schema, right, wrong }) => {
    expect(right.map((value) => problemOf(schema, value))).toEqual(right.map(() => undefined));
    expect(wrong.map((value) => problemOf(schema, value))).toEqual(wrong.map(() => expect.any(String)));
  });
});
