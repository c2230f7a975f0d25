// Headers are read from any bytes without an error: from cut ones, from changed ones, and from random ones.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foreignFormatOf } from '../../../src/job/imageFormat.ts';
import { imageHeaderOf } from '../../../src/job/imageHeader.ts';
import { imageTypeOf } from '../../../src/job/imageType.ts';
import { validPictures } from '../../support/pictures.ts';

const valid = await validPictures();
const types = ['image/png', 'image/jpeg', 'image/webp'] as const;

test.each(Object.keys(valid))('%s has its size and is whole', (name) => {
  const { bytes, mediaType } = valid[name]!;
  const [width, height] = name === 'a photograph' ? [640, 480] : name.endsWith('one pixel') ? [1, 1] : [320, 240];
  expect(imageTypeOf(bytes)).toBe(mediaType);
  expect(imageHeaderOf(bytes, mediaType)).toEqual({ width, height, frames: 1, cutOff: false });
});

test.each(Object.keys(valid))('every beginning of %s can be read', (name) => {
  const { bytes, mediaType } = valid[name]!;
  for (let end = 0; end < Math.min(bytes.length, 2_000); end += 1) {
    const header = imageHeaderOf(bytes.subarray(0, end), mediaType);
    if (mediaType !== 'image/jpeg' && end < bytes.length) expect(header.cutOff).toBe(true);
  }
});

test('a changed header is read too, and reading ends', () => {
  const change = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(valid)), change, fc.nat(600), ({ bytes, mediaType }, changes, end) => {
      const changed = Buffer.from(bytes.subarray(0, end));
      for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
      expect(imageHeaderOf(changed, mediaType).frames).toBeGreaterThan(0);
    }),
    { numRuns: 2_000 },
  );
});

test('any bytes are read as any type, and named', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...types), (bytes, type) => {
      expect(imageHeaderOf(bytes, type).frames).toBeGreaterThan(0);
      expect([undefined, 'string']).toContain(foreignFormatOf(bytes) && typeof foreignFormatOf(bytes)!.name);
    }),
    { numRuns: 2_000 },
  );
});
