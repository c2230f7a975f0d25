// Images from the stand-in through the real SDK: valid, of the real service's size, and made by what was asked.

import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStandin } from '../../../src/standin/standin.ts';
import type { Standin } from '../../../src/standin/standin.ts';
import { apiFailureOf, generate, imageIn, partsOf, sdk, textIn, textModel } from './gemini.ts';

const photo = readFileSync(new URL('../../../examples/front-yard.jpg', import.meta.url));
const prompt = 'the front yard with native plants';

describe('an image from the stand-in', () => {
  let standin: Standin;
  let first: Buffer;

  beforeAll(async () => {
    standin = await startStandin();
    first = imageIn(await generate(standin, { prompt, config: { seed: 7 } }));
  });
  afterAll(() => standin.close());

  it('is a PNG of 1024 × 1024 and 1 to 2 MB that decodes to the last pixel', async () => {
    expect(await sharp(first).metadata()).toMatchObject({ format: 'png', width: 1024, height: 1024 });
    expect(first.length).toBeGreaterThan(1_000_000);
    expect(first.length).toBeLessThan(2_000_000);
    expect(await sharp(first, { failOn: 'warning' }).raw().toBuffer()).toHaveLength(1024 * 1024 * 3);
  });

  it('is the same, byte for byte, for the same request, also from another stand-in', async () => {
    const other = await startStandin();
    const again = await generate(other, { prompt, config: { seed: 7 }, apiVersion: 'v1beta' });
    await other.close();
    expect(imageIn(again).equals(first)).toBe(true);
  });

  it('depends on the seed, the prompt and each reference image', async () => {
    const lawn = await sharp(photo).negate().jpeg().toBuffer();
    const images = await Promise.all([
      generate(standin, { prompt, config: { seed: 8 } }),
      generate(standin, { prompt: `${prompt} in winter`, config: { seed: 7 } }),
      generate(standin, { prompt, config: { seed: 7 }, references: [photo] }),
      generate(standin, { prompt, config: { seed: 7 }, references: [lawn] }),
      generate(standin, { prompt, config: { seed: 7 }, references: [photo, lawn] }),
    ]);
    const different = new Set([first, ...images.map(imageIn)].map((bytes) => bytes.toString('base64')));
    expect(different.size).toBe(6);
  });

  it('shows the first reference image, and stays within 1 to 2 MB with it', async () => {
    const bytes = imageIn(await generate(standin, { prompt, references: [photo] }));
    expect(bytes.length).toBeGreaterThan(1_000_000);
    expect(bytes.length).toBeLessThan(2_000_000);
    const top = { left: 0, top: 0, width: 64, height: 32 };
    const small = async (image: Buffer): Promise<Buffer> =>
      await sharp(await sharp(image).resize(64, 64, { fit: 'cover' }).toBuffer())
        .extract(top)
        .greyscale()
        .raw()
        .toBuffer();
    const [drawn, given] = await Promise.all([small(bytes), small(photo)]);
    const apart = drawn.reduce((sum, value, at) => sum + Math.abs(value - (given[at] ?? 0)), 0) / drawn.length;
    expect(apart).toBeLessThan(40);
  });

  it('has the size that aspectRatio and imageSize ask for', async () => {
    const sizes = await Promise.all(
      [{ aspectRatio: '16:9' }, { aspectRatio: '9:16', imageSize: '2K' }].map(async (imageConfig) => {
        const { width, height } = await sharp(
          imageIn(await generate(standin, { prompt, config: { imageConfig } })),
        ).metadata();
        return `${width}x${height}`;
      }),
    );
    expect(sizes).toEqual(['1376x768', '1536x2752']);
  });

  it('comes with text, finish reason, usage, model version and response id', async () => {
    const response = await generate(standin, { prompt, config: { seed: 7 }, references: [photo] });
    expect(response.candidates?.[0]?.finishReason).toBe('STOP');
    expect(textIn(response)).not.toBe('');
    expect(response.usageMetadata).toMatchObject({
      promptTokenCount: 267,
      candidatesTokenCount: 1290,
      totalTokenCount: 1557,
    });
    expect(response.modelVersion).toBe('gemini-3.1-flash-image');
    expect(response.responseId).toMatch(/^[\w-]{22}$/);
    const alone = await generate(standin, { prompt, config: { responseModalities: ['IMAGE'] } });
    expect(partsOf(alone)).toHaveLength(1);
  });

  it('can be a cheap 64 × 64 PNG or a JPEG', async () => {
    const small = imageIn(await generate(standin, { prompt: `${prompt} [standin: image small]` }));
    expect(await sharp(small).metadata()).toMatchObject({ format: 'png', width: 64, height: 64 });
    expect(small.length).toBeLessThan(1_000);
    const jpeg = imageIn(await generate(standin, { prompt: `${prompt} [standin: image jpeg]` }));
    expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 1024 });
  });

  it('comes in pieces when streamed, the last with the finish reason', async () => {
    const call = { model: 'gemini-3.1-flash-image', contents: prompt, config: { seed: 7 } };
    const pieces = [];
    for await (const piece of await sdk(standin).models.generateContentStream(call)) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.map((piece) => piece.candidates?.[0]?.finishReason).filter(Boolean)).toEqual(['STOP']);
    expect(pieces.flatMap(partsOf).flatMap((part) => part.inlineData?.data ?? [])).toEqual([first.toString('base64')]);
  });

  it.each([
    [
      'a reference that is no image',
      { prompt, references: [Buffer.from('no image')] },
      /Unable to process input image/,
    ],
    [
      'a text model asked for an image',
      { prompt, model: textModel, config: { responseModalities: ['IMAGE'] } },
      /modalities/,
    ],
    ['an unknown aspect ratio', { prompt, config: { imageConfig: { aspectRatio: '1:7' } } }, /aspect_ratio/],
    ['an empty prompt', { prompt: '' }, /must have a text/],
    ['fifteen references', { prompt, references: Array.from({ length: 15 }, () => photo) }, /at most 14/],
    ['an unknown marker', { prompt: 'x [standin: explode]' }, /not a behaviour/],
  ])('refuses %s with 400', async (_, call, message) => {
    const failure = await apiFailureOf(generate(standin, call));
    expect(failure).toMatchObject({ status: 400, code: 400, name: 'INVALID_ARGUMENT' });
    expect(failure.message).toMatch(message);
  });
});
