// Random schemas accept the same values as plain ajv does, in the drafts that ajv itself reads.

import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileSchema } from '../../../src/adapters/jsonSchema/compile.ts';
import type { JsonObject, JsonValue } from '../../../src/job/task.ts';

const name = fc.constantFrom('a', 'b', 'constructor');
const scalar: fc.Arbitrary<JsonValue> = fc.constantFrom(null, true, 0, 1, 1.5, 3, '', 'a', 'bb', 'é😀');

const valueOf = (depth: number): fc.Arbitrary<JsonValue> => {
  if (depth === 0) return scalar;
  const inner = valueOf(depth - 1);
  return fc.oneof(
    scalar,
    fc.array(inner, { maxLength: 3 }),
    fc.dictionary(name, inner, { maxKeys: 3, noNullPrototype: true }),
  );
};

const types = fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'array', 'object');
const count = fc.nat({ max: 2 });
const limit = fc.integer({ min: 0, max: 3 });

const assertions = {
  type: fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })),
  enum: fc.array(valueOf(1), { minLength: 1, maxLength: 3 }),
  const: valueOf(1),
  minimum: limit,
  exclusiveMaximum: limit,
  multipleOf: fc.constantFrom(1, 1.5),
  minLength: count,
  maxLength: count,
  pattern: fc.constantFrom('^a', 'b{2}', '^\\w*$', '[^a]'),
  minItems: count,
  maxItems: count,
  uniqueItems: fc.boolean(),
  minProperties: count,
  maxProperties: count,
  required: fc.uniqueArray(name, { maxLength: 2 }),
};

/** The keywords of subschemas; drafts differ in those of arrays and dependencies. */
function schemaOf(depth: number, draft: 7 | 2020): fc.Arbitrary<JsonValue> {
  const leaf = fc.record(assertions, { requiredKeys: [] });
  const reference = fc.constantFrom('#/$defs/x', '#/$defs/y').map(($ref): JsonObject => ({ $ref }));
  if (depth === 0)
    return fc.oneof(
      { weight: 6, arbitrary: leaf },
      { weight: 2, arbitrary: reference },
      fc.boolean(),
    ) as fc.Arbitrary<JsonValue>;
  const inner = schemaOf(depth - 1, draft);
  const list = fc.array(inner, { minLength: 1, maxLength: 2 });
  const map = fc.dictionary(name, inner, { maxKeys: 2, noNullPrototype: true });
  const holders = {
    properties: map,
    additionalProperties: inner,
    propertyNames: fc.record({ maxLength: count }, { requiredKeys: [] }),
    patternProperties: fc.dictionary(fc.constantFrom('^a', 'o'), inner, { maxKeys: 2, noNullPrototype: true }),
    anyOf: list,
    allOf: list,
    oneOf: list,
    not: inner,
    if: inner,
    else: inner,
    contains: inner,
    ...(draft === 7
      ? {
          items: fc.oneof(inner, list),
          additionalItems: inner,
          dependencies: fc.dictionary(name, fc.oneof(inner, fc.uniqueArray(name, { maxLength: 2 })), {
            maxKeys: 2,
            noNullPrototype: true,
          }),
        }
      : {
          prefixItems: list,
          items: inner,
          minContains: count,
          dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), {
            maxKeys: 2,
            noNullPrototype: true,
          }),
          dependentSchemas: map,
          unevaluatedProperties: inner,
          unevaluatedItems: inner,
        }),
  };
  const some = fc.subarray(Object.keys(holders) as (keyof typeof holders)[], { maxLength: 3 });
  const held = some.chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, holders[key]]))));
  const few = fc.subarray(Object.keys(assertions) as (keyof typeof assertions)[], { maxLength: 2 });
  const asserted = few.chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, assertions[key]]))));
  return fc.tuple(asserted, held).map(([one, other]) => ({ ...one, ...other }));
}

const options = { strict: false, logger: false, ownProperties: true, meta: false, validateSchema: false } as const;

/** Beside patternProperties and anyOf, ajv writes code for unevaluatedProperties that fails. */
function failsIn(plain: ValidateFunction, value: JsonValue): boolean {
  try {
    plain(value);
    return false;
  } catch {
    return true;
  }
}

test.each([7, 2020] as const)('draft %i', (draft) => {
  let compared = 0;
  const root = schemaOf(2, draft).filter((one): one is JsonObject => typeof one === 'object');
  const arbitrary = fc.tuple(
    root,
    schemaOf(0, draft),
    fc.record(assertions, { requiredKeys: [] }),
    fc.array(valueOf(2), { minLength: 4, maxLength: 8 }),
  );
  fc.assert(
    fc.property(arbitrary, ([schema, x, y, values]) => {
      const whole = { ...schema, $defs: { x, y } } as JsonObject;
      const { problems, check } = compileSchema(whole);
      // A reference that leads back to itself, which ajv would follow without end.
      fc.pre(problems === undefined);
      const plain = (draft === 7 ? new Ajv(options) : new Ajv2020(options)).compile(whole);
      for (const value of values.filter((one) => !failsIn(plain, one))) {
        compared += 1;
        expect({ value, matches: check(value) === undefined }).toEqual({ value, matches: plain(value) });
      }
    }),
    { numRuns: 300 },
  );
  expect(compared).toBeGreaterThan(1_000);
});
