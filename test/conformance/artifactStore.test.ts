// The contract of every artifact store: it returns the bytes as they were put, to their tenant only.
import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { systemClock } from '../fakes/clock.ts';
import { onEachArtifactStore } from './ports.ts';

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const bytesOf = async (stream: Readable | undefined): Promise<Buffer> => buffer(stream!);
const clock = systemClock();

onEachArtifactStore((open) => {
  test.each([0, 1, 131_072, 131_073, 2_000_000])('returns %i bytes unchanged', async (size) => {
    const installation = open();
    const writer = await (await installation.process()).artifacts(clock);
    const reader = await (await installation.process()).artifacts(clock);
    const bytes = randomBytes(size);
    const stored = await writer.put('acme', bytes, 'image/png');
    expect(stored).toEqual({ digest: digestOf(bytes), mediaType: 'image/png', bytes: size });
    expect(await reader.find('acme', stored.digest)).toEqual(stored);
    expect(Buffer.compare((await reader.read('acme', stored.digest))!, bytes)).toBe(0);
    expect(Buffer.compare(await bytesOf(await reader.stream('acme', stored.digest)), bytes)).toBe(0);
  });

  test.each([
    [0, 0],
    [0, 131_071],
    [131_071, 131_072],
    [200_000, 399_999],
    [499_999, 499_999],
    [400_000, 900_000],
  ])('the range %i to %i is cut exactly', async (start, end) => {
    const store = await (await open().process()).artifacts(clock);
    const bytes = randomBytes(500_000);
    const { digest } = await store.put('acme', bytes, 'image/png');
    const part = await bytesOf(await store.stream('acme', digest, { start, end }));
    expect(Buffer.compare(part, bytes.subarray(start, end + 1))).toBe(0);
  });

  test('has room', async () => {
    const store = await (await open().process()).artifacts(clock);
    await expect(store.checkRoom()).resolves.toBeUndefined();
  });

  test('another tenant or another digest finds nothing', async () => {
    const store = await (await open().process()).artifacts(clock);
    const { digest } = await store.put('acme', Buffer.from('secret'), 'text/plain');
    const none = digestOf(Buffer.from('something else'));
    for (const [tenant, name] of [
      ['other', digest],
      ['acme', none],
    ] as const) {
      expect(await store.find(tenant, name)).toBeUndefined();
      expect(await store.read(tenant, name)).toBeUndefined();
      expect(await store.stream(tenant, name)).toBeUndefined();
    }
  });

  test('putting the same bytes again returns the same artifact; a deleted one cannot be found until it is put again', async () => {
    const store = await (await open().process()).artifacts(clock);
    const bytes = randomBytes(300_000);
    const first = await store.put('acme', bytes, 'image/png');
    expect(await store.put('acme', bytes, 'image/png')).toEqual(first);
    await store.delete('acme', first.digest);
    await store.delete('acme', first.digest);
    expect(await store.find('acme', first.digest)).toBeUndefined();
    expect(await store.read('acme', first.digest)).toBeUndefined();
    await store.put('acme', bytes, 'image/jpeg');
    expect((await store.find('acme', first.digest))!.mediaType).toBe('image/jpeg');
    expect(Buffer.compare((await store.read('acme', first.digest))!, bytes)).toBe(0);
  });

  test('parallel puts of the same bytes leave one readable artifact', async () => {
    const installation = open();
    const stores = await Promise.all([1, 2, 3, 4].map(async () => (await installation.process()).artifacts(clock)));
    const bytes = randomBytes(700_000);
    const stored = await Promise.all(stores.map((store) => store.put('acme', bytes, 'image/png')));
    expect(new Set(stored.map(({ digest }) => digest)).size).toBe(1);
    for (const store of stores) {
      expect(Buffer.compare((await store.read('acme', digestOf(bytes)))!, bytes)).toBe(0);
    }
  });

  test('stores many pictures in parallel', async () => {
    const store = await (await open().process()).artifacts(clock);
    const pictures = Array.from({ length: 20 }, () => randomBytes(2_000_000));
    const stored = await Promise.all(pictures.map((bytes) => store.put('acme', bytes, 'image/png')));
    const read = await Promise.all(stored.map(({ digest }) => store.read('acme', digest)));
    expect(read.map((bytes, index) => Buffer.compare(bytes!, pictures[index]!))).toEqual(pictures.map(() => 0));
  });
});
