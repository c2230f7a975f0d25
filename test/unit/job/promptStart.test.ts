// How prompts begin in lists: one line, visible, of bounded length, and never cut inside of a character.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { longestPromptStart, promptStart, shownStart } from '../../../src/job/promptStart.ts';

const shown = (prompt: string): string => shownStart(promptStart(prompt)!);

test.each([
  ['a short prompt', 'the front yard', 'the front yard'],
  ['lines and tabs', '  the front\r\n\tyard \u2028 with\u00a0plants\n', 'the front yard with plants'],
  ['control characters', 'a\u0000 red\u001b[31m\u0007 \u0085 house', 'a red[31m house'],
  ['what turns the text around it', '\u202eevil\u202c \u2066x\u2069', 'evil x'],
  ['right-to-left text', 'حديقة أمامية', 'حديقة أمامية'],
  ['HTML', '<script>alert(1)</script>', '<script>alert(1)</script>'],
  ['half a character', 'a\ud800b', 'a\ufffdb'],
  ['letters of two parts', 'fac\u0327ade', 'façade'],
])('%s', (_name, prompt, line) => {
  expect(promptStart(prompt)).toBe(line);
});

test.each(['', ' \n\t ', '\u200b\u202e\u0000'])('nothing is visible of %j', (prompt) => {
  expect(promptStart(prompt)).toBeUndefined();
});

test('120 characters are whole; the line of a longer prompt ends after a word', () => {
  const whole = 'word '.repeat(24).trim() + 's';
  expect(promptStart(whole)).toBe(whole);
  expect(shown('ten digits '.repeat(100))).toBe(`${'ten digits '.repeat(10).trim()} ten…`);
});

test('a word that is itself long is cut', () => {
  expect(shown(`see ${'x'.repeat(200)}`)).toBe(`see ${'x'.repeat(115)}…`);
  expect(shown('庭'.repeat(200))).toBe(`${'庭'.repeat(119)}…`);
});

test('a character of several code points stays whole, unless it alone is too long', () => {
  const family = '👨‍👩‍👧‍👦';
  expect(shown(family.repeat(50))).toBe(`${family.repeat(10)}…`);
  const heap = promptStart(`a${'\u0301'.repeat(500)}`)!;
  expect([heap.length, shownStart(heap).length]).toEqual([longestPromptStart, longestPromptStart]);
  expect(promptStart(`${'🌿\u0301'.repeat(1)}${'\u0301'.repeat(400)}`)!.isWellFormed()).toBe(true);
});

test('any prompt gives one visible line that is short enough', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('\n', '\u202e', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'),
  );
  const prompts = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(prompts, (prompt) => {
      const line = shownStart(promptStart(prompt) ?? 'x');
      expect(line.length).toBeGreaterThan(0);
      expect(line.length).toBeLessThanOrEqual(longestPromptStart);
      expect(line.isWellFormed()).toBe(true);
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]|^\s|\s$|\s\s/u);
      expect(promptStart(line)).toBe(line);
    }),
  );
});
