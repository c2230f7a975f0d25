// Schemas that would take too long or never end are refused before they are compiled.

import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../../src/adapters/jsonSchema/compile.ts';
import type { JsonObject } from '../../../src/job/task.ts';

const endless = 'leads back to itself without a property or an item in between, so that a check would never end';

describe('a reference that leads back to itself', () => {
  test.each<[string, JsonObject, path: string]>([
    ['directly', { $ref: '#' }, '.$ref'],
    ['in alternatives', { anyOf: [{ $ref: '#' }, { $ref: '#' }] }, '.anyOf[0].$ref'],
    ['behind not', { not: { $ref: '#' } }, '.not.$ref'],
    ['behind a condition', { if: true, else: { $ref: '#' } }, '.else.$ref'],
    ['behind dependencies', { dependencies: { a: { $ref: '#' } } }, '.dependencies.a.$ref'],
    [
      'through two definitions',
      {
        properties: { a: { $ref: '#/$defs/a' } },
        $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { $ref: '#/$defs/a' } },
      },
      '.$defs.a.allOf[0].$ref',
    ],
    ['into its own middle', { allOf: [{ oneOf: [{ $ref: '#/allOf/0' }] }] }, '.allOf[0].oneOf[0].$ref'],
  ])('%s', (_name, schema, path) => {
    expect(compileSchema(schema).problems).toEqual([{ path, message: endless }]);
  });

  test.each<[string, JsonObject]>([
    ['a property', { properties: { a: { anyOf: [{ $ref: '#' }, { $ref: '#' }] } } }],
    ['an item', { items: { $ref: '#' } }],
    ['a name', { propertyNames: { $ref: '#' } }],
  ])('is accepted with %s in between', (_name, schema) => {
    expect(compileSchema(schema).problems).toBeUndefined();
  });
});

test.each(['anyOf', 'allOf'])('references that double at each step multiply: %s', (keyword) => {
  const step = (index: number): JsonObject => ({
    [keyword]: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }],
  });
  const $defs = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`d${index}`, step(index)]));
  expect(compileSchema({ $ref: '#/$defs/d0', $defs: { ...$defs, d40: { type: 'string' } } }).problems).toEqual([
    {
      path: expect.stringMatching(/^\.\$defs\.d\d+$/),
      message: 'multiplies to more than 10000 subschemas for one value',
    },
  ]);
});

test('the number of subschemas is bounded', () => {
  const properties = (count: number): JsonObject =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, {}]));
  expect(compileSchema({ properties: properties(1_499) }).problems).toBeUndefined();
  expect(compileSchema({ properties: properties(1_500) }).problems).toEqual([
    { path: '', message: 'has more than 1500 subschemas' },
  ]);
});

test('the depth is bounded, also for a schema of a million levels', () => {
  const nested = (levels: number): JsonObject => {
    let schema: JsonObject = {};
    for (let level = 0; level < levels; level += 1) schema = { not: schema };
    return schema;
  };
  expect(compileSchema(nested(100)).problems).toBeUndefined();
  for (const levels of [101, 1_000_000])
    expect(compileSchema(nested(levels)).problems).toEqual([{ path: '', message: 'is more than 100 levels deep' }]);
});

test('a definition that is used a thousand times is compiled once', () => {
  const wide = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`b${index}`, { type: 'string' }]));
  const properties = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`a${index}`, { $ref: '#/$defs/x' }]),
  );
  const { check } = compileSchema({ properties, $defs: { x: { properties: wide } } });
  expect(check!({ a999: { b399: 1 } })).toBe('/a999/b399 must be string');
});

test('thousands of dependencies are checked, and the message names both properties', () => {
  const dependentRequired = Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`a${index}`, ['b', 'c']]));
  const { check } = compileSchema({ properties: { x: { dependentRequired } } });
  expect(check!({ x: { a3999: 1, b: 1 } })).toBe('/x must have property c when property a3999 is present');
  expect(check!({ x: { a3999: 1, b: 1, c: 1 } })).toBeUndefined();
});

test('unique items and enums are checked in linear time', () => {
  const items = Array.from({ length: 100_000 }, (_, index) => ({ index, nested: [index] }));
  const { check } = compileSchema({ uniqueItems: true, items: { enum: items } });
  expect(check!(items)).toBeUndefined();
  expect(check!([...items, { nested: [7], index: 7 }])).toBe('/ must NOT have duplicate items');
});
