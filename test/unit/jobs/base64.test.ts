// The data of inline references: every way of writing base64 that programs use is accepted, and what is none is pointed at.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeData } from '../../../src/jobs/submit/base64.ts';

const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
const waysOfWriting: Record<string, (plain: string) => string> = {
  'as it is': (plain) => plain,
  'with CR LF after every 76 characters': (plain) => plain.replaceAll(/.{1,76}/g, '$&\r\n'),
  'with LF after every 64 characters': (plain) => plain.replaceAll(/.{1,64}/g, '$&\n'),
  'without padding': (plain) => plain.replaceAll('=', ''),
  'in the alphabet of URLs': (plain) => plain.replaceAll('+', '-').replaceAll('/', '_'),
  'in the alphabet of URLs, without padding': (plain) =>
    plain.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
  'between spaces': (plain) => ` \t${plain}\n `,
  'with a line break before the padding': (plain) => plain.replace('=', '\n='),
};

test.each(Object.entries(waysOfWriting))('accepts base64 %s', (_way, write) => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const decoded = decodeData(write(Buffer.from(bytes).toString('base64')));
      expect(decoded).toEqual({ bytes: Buffer.from(bytes), mediaType: undefined });
    }),
  );
});

test.each([
  ['data:image/jpeg;base64,/9j/', 'image/jpeg'],
  ['data:image/PNG;base64,/9j/', 'image/png'],
  ['  data:image/webp;name=a.webp;base64,\n/9j/', 'image/webp'],
  ['DATA:image/jpeg; BASE64 ,/9j/', 'image/jpeg'],
  ['data:;base64,/9j/', undefined],
])('accepts the prefix of %j', (text, mediaType) => {
  expect(decodeData(text)).toEqual({ bytes: Buffer.from([0xff, 0xd8, 0xff]), mediaType });
});

test.each([
  ['', /empty/],
  [' \n', /empty/],
  ['====', /"=" at position 3/],
  ['***=', /"\*" at position 1/],
  ['AAAA*AAA', /"\*" at position 5/],
  ['AAAAA\u00a0AA', /at position 6/],
  ['AA=A', /"A" at position 4/],
  ['AA==AAAA', /"A" at position 5/],
  ['AAAA\r\nAA!A', /"!" at position 9/],
  ['/9j/…', /"…" at position 5/],
  ['<base64>', /"<" at position 1/],
  ['data:image/jpeg;base64,/9j/?', /"\?" at position 28/],
  ['data:image/jpeg,abc', /is a data URL without ;base64/],
  ['data:image/jpeg;base64', /":" at position 5/],
])('refuses %j with the position', (text, problem) => {
  expect(decodeData(text)).toMatch(problem);
});

test('a single wrong character is found wherever it is', () => {
  const position = fc.integer({ min: 0, max: 200 });
  fc.assert(
    fc.property(
      anyBytes,
      position,
      fc.constantFrom('!', '"', '%', '*', '.', ':', '@', '~', 'ä', '€'),
      (bytes, wanted, wrong) => {
        const plain = Buffer.from(bytes).toString('base64').replaceAll('=', '');
        const at = wanted % (plain.length + 1);
        const problem = decodeData(`${plain.slice(0, at)}${wrong}${plain.slice(at)}`);
        expect(problem).toBe(`is not base64: it has ${JSON.stringify(wrong)} at position ${at + 1}`);
      },
    ),
  );
});
