// Anything that is JSON is either refused with places that exist, or can check any value.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileSchema } from '../../../src/adapters/jsonSchema/compile.ts';
import { assertions, holders, refused } from '../../../src/adapters/jsonSchema/keywords.ts';
import type { JsonObject, JsonValue } from '../../../src/job/task.ts';

const keywords = [
  ...assertions.keys(),
  ...holders.keys(),
  ...refused.keys(),
  '$id',
  'id',
  '$anchor',
  '$schema',
  'format',
  '__proto__',
];
const texts = [
  '',
  'a',
  '#',
  '#/$defs/a',
  '#/properties',
  '#a',
  'https://example.com/',
  'urn:a',
  '%',
  '(',
  '^a+$',
  'STRING',
  'object',
  '3',
];

const { schema } = fc.letrec<{ schema: JsonValue; value: JsonValue; names: JsonValue }>((tie) => ({
  schema: fc.dictionary(fc.oneof(fc.constantFrom(...keywords), fc.constantFrom('a', 'type')), tie('value'), {
    maxKeys: 4,
    noNullPrototype: true,
  }) as fc.Arbitrary<JsonObject>,
  names: fc.dictionary(fc.constantFrom('a', 'b', '$ref', 'toString', 'valueOf', '__proto__'), tie('schema'), {
    maxKeys: 3,
    noNullPrototype: true,
  }) as fc.Arbitrary<JsonObject>,
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.oneof(fc.constantFrom(...texts), fc.constantFrom(null, true, false, 0, 1, -1, 1.5)),
    tie('schema'),
    tie('names'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}));

test('random JSON as a schema', () => {
  let usable = 0;
  fc.assert(
    fc.property(
      schema as fc.Arbitrary<JsonObject>,
      fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>,
      (candidate, value) => {
        const { problems, check } = compileSchema(candidate);
        if (problems === undefined) {
          usable += 1;
          for (const one of [value, candidate, [candidate, value]]) expect(typeof (check(one) ?? '')).toBe('string');
        } else expect(problems.every(({ path, message }) => path.length <= 401 && message !== '')).toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
  expect(usable).toBeGreaterThan(100);
});
