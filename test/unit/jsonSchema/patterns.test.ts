// Patterns of several dialects run on RE2: each means the same as where it was written, or is refused with the construct's name.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Patterns } from '../../../src/adapters/jsonSchema/pattern/engine.ts';
import { PatternProblem } from '../../../src/adapters/jsonSchema/pattern/problem.ts';

const matches = (pattern: string, text: string): boolean => new Patterns().compile(pattern).test(text);

describe('works', () => {
  test.each<[pattern: string, yes: string, no: string]>([
    ['(?P<y>[0-9]+)', 'in 1984', 'never'],
    ['(?<y>[0-9]+)', 'in 1984', 'never'],
    ['(?<a>x)|(?<a>y)', 'y', 'z'],
    ['^https\\:\\/\\/', 'https://example.com', 'http://example.com'],
    ['^\\u00e9$', 'é', 'e'],
    ['^\\u{1F600}$', '😀', '😁'],
    ['^\\ud83d\\ude00$', '😀', '😁'],
    ['^\\U0001F600$', '😀', '😁'],
    ['^\\x41\\x{1F600}$', 'A😀', 'A'],
    ['^[😀-😂]$', '😁', '😎'],
    ['^.$', '😀', 'ab'],
    ['^.$', 'a', '\n'],
    ['^.$', 'a', '\u2028'],
    ['(?s)^.$', '\n', ''],
    ['(?i)^abc$', 'ABC', 'ABD'],
    ['^(?i:a)b$', 'Ab', 'AB'],
    ['^\\p{L}+$', 'Ünï', 'a1'],
    ['^\\pL$', 'ß', '1'],
    ['^\\p{Letter}$', 'ß', '1'],
    ['^\\p{gc=Uppercase_Letter}$', 'Ü', 'ü'],
    ['^\\p{Script=Greek}$', 'α', 'a'],
    ['^\\P{Greek}$', 'a', 'α'],
    ['^\\s$', '\u00a0', 'a'],
    ['^[^\\S\\n]$', '\t', '\n'],
    ['^\\S$', 'a', '\ufeff'],
    ['^[\\w.-]+$', 'a.b-c', 'a b'],
    ['^[\\w-.]+$', 'a.b-c', 'a b'],
    ['^[a-\\d]$', '-', 'b'],
    ['^[\\b]$', '\b', 'b'],
    ['^[[:digit:]]+$', '12', 'a'],
    ['^[^]$', '\n', ''],
    ['^a{,3}$', 'a{,3}', 'aa'],
    ['^{a}$', '{a}', 'a'],
    ['^a]$', 'a]', 'a'],
    ['^\\#\\-\\_$', '#-_', '#'],
    ['^\\cJ\\0\\t$', '\n\0\t', 'J'],
    ['\\Aab\\Z', 'ab', 'ab\n'],
    ['^ab$', 'ab', 'ab\n'],
    ['^a+?b*?c??$', 'aab', 'b'],
    ['\\bfoo\\B', 'food', 'foo'],
    ['^.{1,1000}$', 'a', ''],
  ])('%s matches %j, not %j', (pattern, yes, no) => {
    expect([matches(pattern, yes), matches(pattern, no)]).toEqual([true, false]);
  });
});

const linear = 'is not supported: patterns run in linear time (RE2 syntax)';

describe('is refused', () => {
  test.each<[pattern: string, why: string]>([
    ['^(?=.*\\d).+$', `lookahead (?=…) ${linear}`],
    ['(?!a)b', `negative lookahead (?!…) ${linear}`],
    ['(?<=a)b', `lookbehind (?<=…) ${linear}`],
    ['(?<!a)b', `negative lookbehind (?<!…) ${linear}`],
    ['(a)\\1', `a backreference \\1 ${linear}`],
    ['(?<y>a)\\k<y>', `a backreference \\k ${linear}`],
    ['(?P<y>a)(?P=y)', `a backreference (?P=…) ${linear}`],
    ['a++', `a possessive quantifier ++ ${linear}`],
    ['a{2}+', `a possessive quantifier }+ ${linear}`],
    ['(?>a)', `an atomic group (?>…) ${linear}`],
    ['\\((?R)?\\)', `recursion (?R) ${linear}`],
    ['(a(?1)?)', `recursion (?R) ${linear}`],
    ['(?P>n)', `recursion (?R) ${linear}`],
    ['(?(1)a|b)', `a conditional group (?(…)…) ${linear}`],
    ['(?#comment)a', `a comment (?#…) ${linear}`],
    ['(?|a|b)', `a branch reset (?|…) ${linear}`],
    ['(*FAIL)', `a verb (*…) ${linear}`],
    ['(?x) a b', `the flag x ${linear}`],
    ['\\h+', `the escape \\h ${linear}`],
    ['\\Qa.b\\E', `the escape \\Q ${linear}`],
    ['\\u12', `the escape \\u ${linear}`],
    ['\\p{Any Thing}', `the property \\p{Any Thing} ${linear}`],
    ['\\p{Nonsense}', 'is not a pattern: invalid character class range'],
    ['(?:a', 'is not a pattern: missing closing )'],
    ['a)', 'is not a pattern: unexpected )'],
    ['[a', 'is not a pattern: a class [ is not closed'],
    ['[z-a]', 'is not a pattern: invalid character class range'],
    ['a**', 'is not a pattern: nothing to repeat before *'],
    ['*a', 'is not a pattern: missing argument to repetition operator'],
    ['a\\', 'is not a pattern: it ends with a backslash'],
    ['a{3,2}', 'is not a pattern: {3,2} is out of order'],
    ['[]a]', 'has an empty class []; write \\] for a bracket'],
    ['a{1,5000}', 'repeats more than 1000 times, {1,5000}; use minLength and maxLength'],
    ['(a{1000}){1000}', 'is too large: its repetitions multiply to more than 1000, or it nests too deeply'],
    ['a'.repeat(5_000), 'is longer than 4096 characters'],
    [
      '(?:a{1000}|b{1000}){1}'.repeat(8),
      'makes the patterns of the schema too large together; use fewer, or lower counts in {n,m}',
    ],
  ])('%s', (pattern, why) => {
    expect(() => new Patterns().compile(pattern)).toThrow(expect.objectContaining({ message: why }));
  });

  test('many patterns that are too large together', () => {
    const patterns = new Patterns();
    const compileAll = (): void => {
      for (let letter = 97; letter < 123; letter += 1) patterns.compile(`${String.fromCharCode(letter)}{1,900}`);
    };
    expect(compileAll).toThrow(/too large together/);
  });
});

test.each(['^(a+)+$', '^(a|a)*$', '^(a*)*b', '(.*)(.*)(.*)(.*)q', '(?:a?){100}a{100}$'])(
  'a pattern that backtracking would never finish runs on a megabyte: %s',
  (pattern) => {
    expect(matches(pattern, `${'a'.repeat(1_000_000)}!`)).toBe(false);
  },
);

test('a pattern that JavaScript accepts matches the same texts', () => {
  const atom = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      '-',
      '.',
      '\\.',
      '\\d',
      '\\D',
      '\\w',
      '\\W',
      '\\s',
      '\\S',
      '\\n',
      '\\u00e9',
      '\\/',
      'é',
      '😀',
    ),
    fc.constantFrom(
      '[ab]',
      '[^a]',
      '[\\d-]',
      '[a-z]',
      '[\\s\\S]',
      '[^\\w]',
      '[é-ü]',
      '\\p{L}',
      '\\b',
      '^',
      '$',
      '[.*]',
    ),
  );
  const quantifier = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '*?', '{0,2}?');
  const sequence = (one: fc.Arbitrary<string>): fc.Arbitrary<string> => {
    const repeated = fc
      .tuple(one, quantifier)
      .map(([what, times]) => (/^(?:\^|\$|\\b)$/.test(what) ? what : what + times));
    const branch = fc.array(repeated, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    return fc.array(branch, { minLength: 1, maxLength: 2 }).map((branches) => branches.join('|'));
  };
  const group = sequence(atom).map((inner) => `(${inner})`);
  const pattern = sequence(fc.oneof({ weight: 3, arbitrary: atom }, { weight: 1, arbitrary: group }));
  const text = fc.array(
    fc.constantFrom('a', 'b', '1', '-', '.', ' ', '\n', '\r', '\u2028', '\u00a0', 'é', '/', '😀', '_'),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(pattern, text, (source, characters) => {
      const whole = characters.join('');
      expect(matches(source, whole)).toBe(new RegExp(source, 'u').test(whole));
    }),
    { numRuns: 2_000 },
  );
});

test('random text either compiles or is refused with a reason', () => {
  const piece = fc.constantFrom(
    ...Array.from('()[]{}^$.*+?|-,:=!<>PpdwsbkuxU019azAZ \\é😀\ud800'),
    '(?',
    '[^',
    '[:',
    ':]',
    '\\p{',
    '\\u{',
    '{1,2}',
    '(?<',
    '(?P<',
  );
  const compiles = (pattern: string): string => {
    try {
      return String(matches(pattern, 'a1é😀'));
    } catch (error) {
      return error instanceof PatternProblem ? error.message : `${pattern} fails with ${String(error)}`;
    }
  };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      expect(compiles(pieces.join(''))).toMatch(
        /^(?:true|false|is not a pattern: .+|.+ is not supported: .+|has an empty .+|is too large: .+)$/u,
      );
    }),
    { numRuns: 3_000 },
  );
});
