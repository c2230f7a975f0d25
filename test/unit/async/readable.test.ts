// A stream over a generator: it reads nothing ahead, and a consumer that is gone ends the generator.

import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { whenAborted } from '../../../src/async/abort.ts';
import { readableOf } from '../../../src/async/readable.ts';

const part = Buffer.alloc(1_000, 'x');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('passes all parts on, and the error that ends them', async () => {
  expect(
    await buffer(
      readableOf(async function* parts() {
        yield part;
        yield part;
      }),
    ),
  ).toHaveLength(2_000);
  const cut = readableOf(async function* parts() {
    yield part;
    throw new Error('cut');
  });
  await expect(buffer(cut)).rejects.toThrow('cut');
});

test('does not read a part before its consumer wants it', async () => {
  let made = 0;
  const stream = readableOf(async function* parts() {
    for (;;) {
      made += 1;
      yield part;
    }
  });
  await turn();
  expect(made).toBe(0);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  await turn();
  expect(made).toBeLessThanOrEqual(2);
  stream.destroy();
});

test('a destroyed stream ends its generator, also in the middle of a wait', async () => {
  let ended = false;
  const stream = readableOf(async function* parts(signal) {
    try {
      yield part;
      await whenAborted(signal);
    } finally {
      ended = true;
    }
  });
  stream.on('data', () => undefined);
  await turn();
  expect(ended).toBe(false);
  stream.destroy();
  await turn();
  expect(ended).toBe(true);
});
