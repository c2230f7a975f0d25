// The contract of every artifact store when many read at once: all get their bytes, and one that is slow or gone delays no other.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { ArtifactStore } from '../../src/ports/artifactStore.ts';
import { systemClock } from '../fakes/clock.ts';
import { until } from '../support/until.ts';
import { onEachArtifactStore } from './ports.ts';

const clock = systemClock();
const size = 700_000;
const still = { read: { bytes: 0, waiting: 0 }, write: { bytes: 0, waiting: 0 } };

onEachArtifactStore((open, adapter) => {
  async function anArtifact(): Promise<{ store: ArtifactStore; bytes: Buffer; start: () => Promise<Readable> }> {
    const store = await (await open().process()).artifacts(clock);
    const bytes = randomBytes(size);
    const { digest } = await store.put('acme', bytes, 'image/png');
    return { store, bytes, start: async () => (await store.stream('acme', digest))! };
  }

  const isWhole = async (stream: Readable, bytes: Buffer): Promise<boolean> => (await buffer(stream)).equals(bytes);

  test('100 streams at once are whole, with a bounded number of bytes under way', async () => {
    const { store, bytes, start } = await anArtifact();
    const streams = await Promise.all(Array.from({ length: 100 }, start));
    let most = 0;
    const look = (): void => void (most = Math.max(most, store.traffic().read.bytes));
    const whole = await Promise.all(streams.map((stream) => isWhole(stream.on('data', look).pause(), bytes)));
    expect(whole).toEqual(streams.map(() => true));
    expect(most).toBeLessThanOrEqual(adapter === 's3' ? 8 * 1024 * 1024 : 1024 * 1024);
    expect(adapter === 'memory' || most > 0).toBe(true);
    await until(() => store.traffic().read.bytes === 0, { what: 'all to have arrived' });
    expect(store.traffic()).toEqual(still);
  });

  test('readers that take only their first part hold up nobody, and read on later', async () => {
    const { store, bytes, start } = await anArtifact();
    const slow = await Promise.all(Array.from({ length: 40 }, start));
    const firsts = await Promise.all(slow.map(firstPart));
    await until(() => store.traffic().read.bytes === 0, { what: 'the slow ones to hold nothing under way' });
    expect(await isWhole(await start(), bytes)).toBe(true);
    const rests = await Promise.all(slow.map((stream) => buffer(stream)));
    expect(rests.every((rest, index) => Buffer.concat([firsts[index]!, rest]).equals(bytes))).toBe(true);
  });

  test('readers that leave, before their first part or after it, free their place', async () => {
    const { store, bytes, start } = await anArtifact();
    const gone = await Promise.all(Array.from({ length: 60 }, start));
    await Promise.all(gone.slice(0, 20).map(firstPart));
    for (const stream of gone.slice(20, 40)) stream.resume();
    for (const stream of gone) stream.destroy();
    expect(await isWhole(await start(), bytes)).toBe(true);
    await until(() => store.traffic().read.bytes === 0, { what: 'what was under way to have arrived' });
    expect(store.traffic()).toEqual(still);
  });

  test('a range is read among many others', async () => {
    const { store, bytes, start } = await anArtifact();
    const others = await Promise.all(Array.from({ length: 30 }, start));
    const all = Promise.all(others.map((stream) => isWhole(stream, bytes)));
    const { digest } = await store.put('acme', bytes, 'image/png');
    const part = await buffer((await store.stream('acme', digest, { start: 600_000, end: 600_099 }))!);
    expect(part.equals(bytes.subarray(600_000, 600_100))).toBe(true);
    expect((await all).every(Boolean)).toBe(true);
  });

  test('40 puts and 40 reads at once all succeed', async () => {
    const { store } = await anArtifact();
    const all = Array.from({ length: 40 }, () => randomBytes(600_000));
    const back = await Promise.all(
      all.map(async (bytes) => store.read('acme', (await store.put('acme', bytes, 'image/png')).digest)),
    );
    expect(back.map((bytes, index) => all[index]!.equals(bytes!))).toEqual(all.map(() => true));
    expect(store.traffic()).toEqual(still);
  });

  test('an abort ends a read and a put with its reason, and leaves nothing behind', async () => {
    const { store, bytes } = await anArtifact();
    const { digest } = await store.put('acme', bytes, 'image/png');
    const gone = AbortSignal.abort(new Error('no longer needed'));
    await expect(store.read('acme', digest, gone)).rejects.toThrow('no longer needed');
    const other = randomBytes(size);
    await expect(store.put('acme', other, 'image/png', { signal: gone })).rejects.toThrow('no longer needed');
    expect(store.traffic()).toEqual(still);
  });
});

/** The first part; the stream is paused after it. */
async function firstPart(stream: Readable): Promise<Buffer> {
  const [part] = await once(stream, 'data');
  stream.pause();
  return part as Buffer;
}
