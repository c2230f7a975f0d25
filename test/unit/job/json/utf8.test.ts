// UTF-8 is decoded as it is or refused, with the first byte that is not part of a character.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NotUtf8, textOfUtf8 } from '../../../../src/job/json/utf8.ts';

test.each([
  ['a byte of Latin-1', [0x63, 0x61, 0x66, 0xe9], 3, '0xe9'],
  ['a character that is cut off', [0x61, 0xe2, 0x82], 1, '0xe2'],
  ['a character that is cut off by another', [0xef, 0xbf, 0x41], 0, '0xef'],
  ['the start of a replacement character', [0x61, 0xef, 0xbf], 1, '0xef'],
  ['its first byte', [0xef], 0, '0xef'],
  ['a byte that continues nothing', [0x41, 0xef, 0xbf, 0xbd, 0x80], 4, '0x80'],
  ['a long form of /', [0xc0, 0xaf], 0, '0xc0'],
  ['half of a surrogate pair', [0xed, 0xa0, 0x80], 0, '0xed'],
  ['UTF-16', [0xff, 0xfe, 0x61, 0x00], 0, '0xff'],
])('%s is refused', (_name, bytes, offset, byte) => {
  expect(() => textOfUtf8(Uint8Array.from(bytes))).toThrow(`is not UTF-8: byte ${byte} at offset ${offset}`);
});

test('a byte order mark is no part of the text', () => {
  expect(textOfUtf8(Buffer.from('\ufeff{}'))).toBe('{}');
});

test('any text is kept, and any bytes are refused at a place or are UTF-8', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '\0', 'é', '€', '\ufffd', '🌿', '\u{10ffff}') }),
      (text) => text.startsWith('\ufeff') || textOfUtf8(Buffer.from(text)) === text,
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0x41, 0x80, 0xbd, 0xbf, 0xc3, 0xe2, 0xed, 0xef, 0xf0, 0xff), { maxLength: 8 }),
      (list) => {
        const bytes = Uint8Array.from(list);
        try {
          return Buffer.from(textOfUtf8(bytes)).length >= bytes.length - 3;
        } catch (error) {
          const { offset } = error as NotUtf8;
          return error instanceof NotUtf8 && textOfUtf8(bytes.slice(0, offset)) !== undefined;
        }
      },
    ),
    { numRuns: 5_000 },
  );
});
