// Numbers of a JSON document are kept exactly or refused with their place, never changed in silence.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InexactNumber, parseExactJson } from '../../../src/job/jsonNumbers.ts';

test.each([
  ['{"id":9223372036854775807}', 'id', '9223372036854775807'],
  ['{"id":9223372036854775808}', 'id', '9223372036854775808'],
  ['[1,{"a b":[0,-9007199254740993]}]', '[1]["a b"][1]', '-9007199254740993'],
  ['{"tasks":[{"metadata":{"x":1e999}}]}', 'tasks[0].metadata.x', '1e999'],
  ['-1E+400', '', '-1E+400'],
  ['{"tiny":1e-400}', 'tiny', '1e-400'],
  ['[9007199254740993.0]', '[0]', '9007199254740993.0'],
  ['[123456789012345678.5]', '[0]', '123456789012345678.5'],
  ['{"__proto__":{"n":9007199254740993}}', '__proto__.n', '9007199254740993'],
  [`[${'9'.repeat(400)}]`, '[0]', '9'.repeat(400)],
])('%s is refused at its place', (text, path, source) => {
  expect(() => parseExactJson(text)).toThrow(InexactNumber);
  expect(() => parseExactJson(text)).toThrow(expect.objectContaining({ path, source }));
});

test('the error says where, which digits, and what to write instead', () => {
  expect(() => parseExactJson('{"id":9223372036854775807}')).toThrow(
    'the number at id, 9223372036854775807, cannot be kept exactly; write it as a string',
  );
});

test.each([
  '9007199254740991',
  '-9007199254740992',
  '9007199254740994',
  '1e21',
  '1.5e300',
  '100000000000000000000',
  '0.30000000000000004',
  '3.14159265358979323846',
  '0e999',
  '-0.0',
  '5e-324',
  '{"text":"9223372036854775807 and 1e999","b64":"1e9999999999999999999"}',
  '{"a":1,"a":12}',
])('%s is accepted', (text) => {
  expect(parseExactJson(text)).toEqual(JSON.parse(text));
});

test.each(['', '{', 'nonsense', '{"a":01}', '1e', 'NaN', '{"id":9223372036854775807'])('%s is not JSON', (text) => {
  expect(() => parseExactJson(text)).toThrow(SyntaxError);
});

test('levels without end are no reason to crash', () => {
  const deep = (inner: string): string => `${'['.repeat(100_000)}${inner}${']'.repeat(100_000)}`;
  expect(() => parseExactJson(deep('1e999'))).toThrow(SyntaxError);
});

const integers = fc.bigInt({ min: -(10n ** 21n) + 1n, max: 10n ** 21n - 1n });

test('an integer is kept to the digit or refused', () => {
  fc.assert(
    fc.property(integers, (integer) => {
      let kept: string;
      try {
        kept = JSON.stringify(parseExactJson(String(integer)));
      } catch (error) {
        return error instanceof InexactNumber && JSON.stringify(Number(integer)) !== String(integer);
      }
      return kept === String(integer);
    }),
  );
});

test('what JSON.stringify wrote is accepted', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const written = JSON.stringify(JSON.parse(text));
      return JSON.stringify(parseExactJson(written)) === written;
    }),
  );
});
