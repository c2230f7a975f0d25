// JSON is kept exactly or refused with its place, never changed in silence.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InexactJson, parseExactJson, type JsonFault } from '../../../../src/job/json/exact.ts';
import { JsonSyntaxError } from '../../../../src/job/json/scan.ts';

const refused: [text: string, fault: JsonFault, path: string, source: string][] = [
  ['{"id":9223372036854775807}', 'number', 'id', '9223372036854775807'],
  ['{"id":9223372036854775808}', 'number', 'id', '9223372036854775808'],
  ['[1,{"a b":[0,-9007199254740993]}]', 'number', '[1]["a b"][1]', '-9007199254740993'],
  ['{"tasks":[{"metadata":{"x":1e999}}]}', 'number', 'tasks[0].metadata.x', '1e999'],
  ['-1E+400', 'number', '', '-1E+400'],
  ['{"tiny":1e-400}', 'number', 'tiny', '1e-400'],
  ['[9007199254740993.0]', 'number', '[0]', '9007199254740993.0'],
  ['[123456789012345678.5]', 'number', '[0]', '123456789012345678.5'],
  [`[${'9'.repeat(400)}]`, 'number', '[0]', '9'.repeat(400)],
  ['[[],{"a":-0}]', 'negativeZero', '[1].a', '-0'],
  ['-0.0e3', 'negativeZero', '', '-0.0e3'],
  ['{"a":"x\\ud800y"}', 'surrogate', 'a', '"x\\ud800y"'],
  ['["\\uDC00\\uD800"]', 'surrogate', '[0]', '"\\uDC00\\uD800"'],
  ['{"a":{"\\ud83c":1}}', 'surrogate', 'a["\\ud83c"]', '"\\ud83c"'],
  ['{"a":1,"b":{"c":1,"c":1}}', 'duplicate', 'b.c', '"c"'],
  ['{"a":1,"\\u0061":2}', 'duplicate', 'a', '"\\u0061"'],
  ['{"__proto__":{"n":1}}', 'prototype', '__proto__', '__proto__'],
  ['[{"\\u005f_proto__":1}]', 'prototype', '[0].__proto__', '__proto__'],
  ['{"constructor":{"prototype":1}}', 'prototype', 'constructor.prototype', 'prototype'],
  [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'depth', 'a', ''],
];

test.each(refused)('%.60s is refused at its place', (text, fault, path, source) => {
  expect(() => parseExactJson(text)).toThrow(InexactJson);
  expect(() => parseExactJson(text)).toThrow(expect.objectContaining({ fault, path, source }));
});

test.each([
  ['{"id":9223372036854775807}', 'the number at id, 9223372036854775807, cannot be kept exactly; write it as a string'],
  ['{"a":[1,-0]}', 'a[1] is -0, which would be kept as 0; write 0'],
  ['"\\ud83d"', 'the document contains \\ud83d, half of a surrogate pair'],
  ['{"a":1,"a":2}', 'a appears twice in its object'],
])('the error of %s says where, what, and what to write instead', (text, message) => {
  expect(() => parseExactJson(text)).toThrow(message);
});

test('a fault that does no harm can be accepted', () => {
  expect(parseExactJson('[-0,"\\ud800"]', { accept: ['negativeZero', 'surrogate'] })).toEqual([-0, '\ud800']);
  expect(() => parseExactJson('[1e999]', { accept: ['negativeZero'] })).toThrow(InexactJson);
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
  '5e-324',
  '{"text":"9223372036854775807 and 1e999","b64":"1e9999999999999999999"}',
  '{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}',
  '"\\ud83c\\udf3f \\\\ud800 \\\\"',
  '{"constructor":{"a":1},"prototype":1,"toString":1}',
  ' [ ] ',
  '\t{\r\n"" : null , "\\"" : [ true , false ] }\n',
  '"[{,:"',
])('%s is accepted', (text) => {
  expect(parseExactJson(text)).toEqual(JSON.parse(text));
});

test.each([
  ['', 'line 1, column 1: expected a value, but found the end'],
  ['{"a": 1,\n  "b": {"c": "x",}}', 'line 2, column 18: expected a key in double quotes, but found "}"'],
  ['{"a": 1', 'line 1, column 8: expected "," or "}", but found the end'],
  ['[1,\n2,\n3 4]', 'line 3, column 3: expected "," or "]", but found "4"'],
  ['{"a" 1}', 'line 1, column 6: expected ":", but found "1"'],
  ["{'a': 1}", 'line 1, column 2: expected a key in double quotes or "}", but found "\'"'],
  ['nonsense', 'line 1, column 1: expected a value, but found "n"'],
  ['[NaN]', 'line 1, column 2: expected a value or "]", but found "N"'],
  ['{"a":01}', 'line 1, column 6: expected a number such as -1.5e3, but found "0"'],
  ['[1,]', 'line 1, column 4: expected a value, but found "]"'],
  ['{} {}', 'line 1, column 4: expected the end, but found "{"'],
  ['["a\nb"]', 'line 1, column 4: expected a character or a valid escape, but found "\\n"'],
  ['["a\\x"]', 'line 1, column 4: expected a character or a valid escape, but found "\\\\"'],
  ['["a', 'line 1, column 4: expected the end of a string, but found the end'],
  ['["a\\"]', 'line 1, column 7: expected the end of a string, but found the end'],
])('%j is not JSON, and the error says where', (text, message) => {
  expect(() => parseExactJson(text)).toThrow(message);
});

test('neither levels without end nor long strings of escapes crash it', () => {
  expect(() => parseExactJson('['.repeat(5_000_000))).toThrow('more than 1,000 levels');
  const text = `"${'\\"'.repeat(3_000_000)}"`;
  expect(parseExactJson(text)).toBe('"'.repeat(3_000_000));
});

const integers = fc.bigInt({ min: -(10n ** 21n) + 1n, max: 10n ** 21n - 1n });

test('an integer is kept to the digit or refused', () => {
  fc.assert(
    fc.property(integers, (integer) => {
      let kept: string;
      try {
        kept = JSON.stringify(parseExactJson(String(integer)));
      } catch (error) {
        return error instanceof InexactJson && JSON.stringify(Number(integer)) !== String(integer);
      }
      return kept === String(integer);
    }),
  );
});

/** What may differ from `JSON.parse`, which has no opinion of it. */
const everything: JsonFault[] = ['number', 'negativeZero', 'surrogate', 'duplicate', 'prototype', 'depth'];

test('what JSON.stringify wrote is accepted', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const written = JSON.stringify(JSON.parse(text));
      return JSON.stringify(parseExactJson(written, { accept: everything })) === written;
    }),
  );
});

test('it is as strict as JSON.parse, whatever is broken', () => {
  const broken = fc
    .tuple(fc.json(), fc.nat(200), fc.constantFrom('', ',', '"', '}', ']', '\\', '0', '-', 'e', '\u0001', ' ', ':'))
    .map(([text, at, char]) => text.slice(0, at) + char + text.slice(at + 1));
  const outcome = (parse: (text: string) => unknown, text: string): string => {
    try {
      return JSON.stringify(parse(text));
    } catch (error) {
      return error instanceof SyntaxError ? 'not JSON' : String(error);
    }
  };
  fc.assert(
    fc.property(broken, (text) => {
      const exact = outcome((each) => parseExactJson(each, { accept: everything }), text);
      expect(exact).toBe(outcome(JSON.parse, text));
    }),
    { numRuns: 2_000 },
  );
  expect(() => parseExactJson('[')).toThrow(JsonSyntaxError);
});
