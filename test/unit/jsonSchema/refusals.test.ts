// Schemas that cannot be used are refused with the place and the reason.

import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../../src/adapters/jsonSchema/compile.ts';
import type { JsonObject } from '../../../src/job/task.ts';

const remote = /leads to another document, which is not fetched; put that schema under \$defs/;

describe('is refused', () => {
  test.each<[JsonObject, path: string, why: RegExp]>([
    [{ $ref: 'https://example.com/a.json' }, '.$ref', remote],
    [{ properties: { a: { $ref: 'other.json#/a' } } }, '.properties.a.$ref', remote],
    [{ $ref: 'http://json-schema.org/draft-07/schema#' }, '.$ref', remote],
    [{ $ref: 'file:///etc/passwd' }, '.$ref', remote],
    [{ $ref: '#/$defs/nothing' }, '.$ref', /^leads nowhere$/],
    [{ $ref: '#/__proto__' }, '.$ref', /^leads nowhere$/],
    [{ $ref: '#nothing' }, '.$ref', /leads nowhere: there is no \$anchor nothing/],
    [{ $ref: '#%' }, '.$ref', /is not a reference such as/],
    [{ $ref: 1 }, '.$ref', /must be a string/],
    [{ $ref: '#/title', title: 'a' }, '.title', /must be a schema/],
    [
      { type: 'thing' },
      '.type',
      /is "thing", but must be one of null, boolean, integer, number, string, array, object/,
    ],
    [{ properties: { a: { type: 'ANY' } } }, '.properties.a.type', /is "ANY"/],
    [{ type: [] }, '.type', /an empty list/],
    [{ type: [{ type: 'string' }] }, '.type', /must be one of/],
    [
      { $schema: 'https://example.com/my-dialect' },
      '.$schema',
      /"https:\/\/example.com\/my-dialect", which is not supported/,
    ],
    [{ $schema: 7 }, '.$schema', /is 7/],
    [{ items: { pattern: '(?=a)' } }, '.items.pattern', /lookahead/],
    [{ patternProperties: { '(?<!a)b': {} } }, '.patternProperties["(?<!a)b"]', /lookbehind/],
    [{ $defs: { a: { pattern: '(a)\\1' } } }, '.$defs.a.pattern', /backreference/],
    [{ pattern: 1 }, '.pattern', /must be a string/],
    [{ anyOf: [] }, '.anyOf', /at least one schema/],
    [{ anyOf: [{}, 1] }, '.anyOf[1]', /must be a schema/],
    [{ properties: { 'a b': { required: true } } }, '.properties["a b"].required', /list of property names/],
    [{ properties: [] }, '.properties', /maps names to schemas/],
    [{ additionalProperties: 'no' }, '.additionalProperties', /must be a schema/],
    [{ not: [{}] }, '.not', /must be a schema/],
    [{ minimum: { $data: '1/a' } }, '.minimum', /must be a number/],
    [{ minLength: -1 }, '.minLength', /whole number of at least 0/],
    [{ maxItems: '3.5' }, '.maxItems', /whole number of at least 0/],
    [{ multipleOf: 0 }, '.multipleOf', /greater than 0/],
    [{ enum: [] }, '.enum', /at least one value/],
    [{ enum: 'a' }, '.enum', /at least one value/],
    [{ uniqueItems: 'yes' }, '.uniqueItems', /true or false/],
    [{ nullable: 'yes' }, '.nullable', /true or false/],
    [{ dependentRequired: { a: 'b' } }, '.dependentRequired', /lists of property names/],
    [{ prefixItems: [{}], items: [{}] }, '.items', /beside prefixItems/],
    [{ $async: true, type: 'object' }, '.$async', /is not supported/],
    [{ $dynamicRef: '#node' }, '.$dynamicRef', /use \$ref/],
    [{ $recursiveRef: '#' }, '.$recursiveRef', /use \$ref/],
    [
      JSON.parse('{"properties":{"__proto__":{"type":"string"}}}') as JsonObject,
      '.properties.__proto__',
      /not supported/,
    ],
  ])('%j', (schema, path, why) => {
    expect(compileSchema(schema).problems).toContainEqual({ path, message: expect.stringMatching(why) });
  });

  test('all problems are found at once, the first twenty of them', () => {
    const properties = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`a${index}`, { type: 'wish' }]));
    expect(compileSchema({ properties }).problems).toHaveLength(20);
  });
});

test.each([
  'http://json-schema.org/draft-04/schema#',
  'http://json-schema.org/draft-06/schema',
  'https://json-schema.org/draft-07/schema#',
  'https://json-schema.org/draft/2019-09/schema',
  'https://json-schema.org/draft/2020-12/schema#',
  'http://json-schema.org/schema#',
  'https://spec.openapis.org/oas/3.1/dialect/base',
])('`$schema` may name %s', ($schema) => {
  expect(compileSchema({ $schema, type: 'string' }).check!(1)).toBe('/ must be string');
});
