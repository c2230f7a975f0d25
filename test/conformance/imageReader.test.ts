// The contract of the image reader: it decodes whole images, says what is wrong with others, and turns those that EXIF turns.
import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { sharpImageReader } from '../../src/adapters/images/index.ts';
import { checkImages } from '../../src/jobs/submit/image.ts';
import { brokenPictures, foreignPictures, photo, validPictures, withOrientation } from '../support/pictures.ts';

const reader = sharpImageReader();
const valid = await validPictures();
const broken = await brokenPictures();
const foreign = await foreignPictures();

const check = (bytes: Buffer, declared: string) => checkImages(reader, 'acme', [{ where: 'It', bytes, declared }]);

test.each(Object.keys(valid))('accepts %s, and leaves its bytes as they are', async (name) => {
  const { bytes, mediaType } = valid[name]!;
  const [checked] = await check(bytes, mediaType);
  expect(checked).toMatchObject({ mediaType });
  expect(checked!.bytes).toBe(bytes);
});

test.each(Object.keys(broken))('refuses %s', async (name) => {
  const { bytes, mediaType, says } = broken[name]!;
  await expect(check(bytes, mediaType)).rejects.toMatchObject({
    code: 'InvalidImage',
    message: expect.stringMatching(says),
  });
});

test.each(Object.keys(foreign))('names %s, and says what to send', async (name) => {
  const { bytes, says } = foreign[name]!;
  await expect(check(bytes, 'image/jpeg')).rejects.toMatchObject({
    code: 'InvalidImage',
    message: expect.stringMatching(says),
  });
});

const turns = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((orientation) =>
  (['jpeg', 'png', 'webp'] as const).map((format) => ({ orientation, format })),
);

test.each(turns)('orientation $orientation of a $format is applied', async ({ orientation, format }) => {
  const bytes = await sharp(photo).resize(60, 40).withMetadata({ orientation }).toFormat(format).toBuffer();
  const [checked] = await check(bytes, `image/${format}`);
  const stored = Buffer.from(checked!.bytes);
  if (orientation === 1) return expect(stored.equals(bytes)).toBe(true);
  const metadata = await sharp(stored).metadata();
  expect([metadata.format, metadata.orientation ?? 1]).toEqual([format, 1]);
  const shown = await sharp(bytes).autoOrient().raw().toBuffer({ resolveWithObject: true });
  const seen = await sharp(stored).raw().toBuffer({ resolveWithObject: true });
  expect([seen.info.width, seen.info.height]).toEqual([shown.info.width, shown.info.height]);
  expect(meanDifference(seen.data, shown.data)).toBeLessThan(6);
});

test('a turned image keeps its colour profile, its depth and its transparency; CMYK becomes sRGB', async () => {
  const turned = async (image: Sharp | Buffer, mediaType: string) => {
    const before = Buffer.isBuffer(image) ? image : await image.toBuffer();
    const [checked] = await check(before, mediaType);
    return { before: await sharp(before).metadata(), after: await sharp(checked!.bytes).metadata() };
  };
  const scene = sharp(photo).resize(60, 40).withMetadata({ orientation: 6 });
  const wide = await turned(scene.clone().withIccProfile('p3').jpeg(), 'image/jpeg');
  expect(wide.before.icc?.length).toBeGreaterThan(0);
  expect(wide.after.icc).toEqual(wide.before.icc);
  const deep = await turned(scene.clone().toColourspace('rgb16').png(), 'image/png');
  expect(deep.after).toMatchObject({ depth: 'ushort', width: 40, height: 60 });
  const clear = await turned(scene.clone().ensureAlpha(0.5).webp({ lossless: true }), 'image/webp');
  expect(clear.after).toMatchObject({ hasAlpha: true, width: 40, height: 60 });
  const cmyk = await sharp(photo).resize(60, 40).toColourspace('cmyk').jpeg().toBuffer();
  const printed = await turned(withOrientation(cmyk, 6), 'image/jpeg');
  expect(printed.before).toMatchObject({ space: 'cmyk', orientation: 6 });
  expect(printed.after).toMatchObject({ space: 'srgb', channels: 3, width: 40, height: 60 });
  expect(printed.after.hasProfile).toBe(false);
});

test.each([85, 90, 95, 100])('a photograph of quality %i keeps about its size when it is turned', async (quality) => {
  const bytes = withOrientation(await sharp(photo).jpeg({ quality }).toBuffer(), 6);
  const [checked] = await check(bytes, 'image/jpeg');
  expect(checked!.bytes.length).toBeLessThan(1.1 * bytes.length);
  const shown = await sharp(bytes).autoOrient().raw().toBuffer();
  expect(meanDifference(await sharp(checked!.bytes).raw().toBuffer(), shown)).toBeLessThan(4);
});

function meanDifference(one: Buffer, other: Buffer): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += Math.abs(one[at]! - other[at]!);
  return sum / one.length;
}
