// What an answer may take of the worker's memory, however large it is.

import { expect, test } from 'vitest';
import { startOfBody, wholeBody } from '../../../src/adapters/provider/answerBody.ts';
import { WeightedSemaphore, type Release } from '../../../src/async/weightedSemaphore.ts';
import { AttemptFailed } from '../../../src/job/errors/index.ts';
import { aContext, testProvider, failure, imageRequest, textRequest } from './gemini.ts';

const mebi = 1_048_576;

/** A body without an end. `read` counts the bytes that were taken of it. */
function endless(start = '') {
  const seen = { read: 0, cancelled: false };
  const stream = new ReadableStream({
    type: 'bytes',
    pull: (controller) => {
      const piece = new Uint8Array(65_536).fill(0x41);
      if (seen.read === 0) piece.set(new TextEncoder().encode(start));
      seen.read += piece.length;
      controller.enqueue(piece);
    },
    cancel: () => void (seen.cancelled = true),
  });
  return { seen, stream };
}

test('a body within the ordinary size takes nothing of the excess', async () => {
  const excess = new WeightedSemaphore(0);
  const releases: Release[] = [];
  const body = await wholeBody(new Response('x'.repeat(3_000_000)), { ordinary: 3_000_000, excess }, releases);
  expect([body.length, releases.length]).toEqual([3_000_000, 0]);
});

test('a larger one takes of the excess as it grows, until it is released', async () => {
  const excess = new WeightedSemaphore(16 * mebi);
  const releases: Release[] = [];
  const body = await wholeBody(new Response('x'.repeat(9 * mebi)), { ordinary: 4 * mebi, excess }, releases);
  expect([body.length, excess.used]).toEqual([9 * mebi, 8 * mebi]);
  for (const release of releases) release();
  expect(excess.used).toBe(0);
});

test.each([
  ['an image', imageRequest({ prompt: 'x' }), 6],
  ['an image of 2K', imageRequest({ prompt: 'x', imageSize: '2K' }), 20],
  ['a text', textRequest({ prompt: 'x' }), 4],
])('an endless answer for %s ends the call, is paid for, and is not read on', async (_what, request, ordinary) => {
  const { seen, stream } = endless('{"candidates":[{"content":{"parts":[{"text":"');
  const provider = testProvider({ fetch: () => Promise.resolve(new Response(stream)) });
  const thrown = await provider.generate(request, aContext()).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(AttemptFailed);
  expect(thrown).toMatchObject({
    error: { code: 'ProviderResponseInvalid', retryable: true },
    usage: { inputTokens: 0, outputTokens: 0 },
  });
  const { message } = (thrown as AttemptFailed).error;
  expect(message).toBe(
    `Cannot read Gemini's answer: it has more than ${ordinary + 32} MiB, for which this worker has no memory at the moment`,
  );
  expect(seen.cancelled).toBe(true);
  expect(seen.read).toBeLessThan((ordinary + 34) * mebi);
  // What it took is free for the next one.
  const again = endless();
  const next = testProvider({ fetch: () => Promise.resolve(new Response(again.stream)) });
  await failure(next.generate(request, aContext()));
  expect(again.seen.read).toBeGreaterThan((ordinary + 30) * mebi);
});

test('of an endless error only the start is read', async () => {
  const { seen, stream } = endless('{"error":{"code":503,"message":"a bad gateway');
  const provider = testProvider({ fetch: () => Promise.resolve(new Response(stream, { status: 503 })) });
  const error = await failure(provider.generate(textRequest({ prompt: 'x' }), aContext()));
  expect(error.provider).toMatchObject({ status: 503 });
  expect(seen.cancelled).toBe(true);
  expect(seen.read).toBeLessThan(2 * mebi);
  expect(await startOfBody(new Response('abc'), 2)).toBe('ab');
  expect(await startOfBody(new Response(null), 2)).toBe('');
});
