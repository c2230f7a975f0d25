// The contract of every artifact store for jobs: a deleted job removes its own artifacts and none that another job uses, and a
// kept reference outlives the job that made it.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { jobIdFrom } from '../../src/job/ids.ts';
import type { ArtifactStore, Place } from '../../src/ports/artifactStore.ts';
import { systemClock } from '../fakes/clock.ts';
import { onEachArtifactStore } from './ports.ts';

const clock = systemClock();
const hour = 3_600_000;
const aPlace = (over: Partial<Place> = {}): Place => ({
  job: jobIdFrom(randomBytes(32)),
  task: 0,
  name: 'image',
  labels: { project: 'p42' },
  expiresAt: clock.now() + hour,
  ...over,
});

onEachArtifactStore((open) => {
  const aStore = async (): Promise<ArtifactStore> => (await open().process()).artifacts(clock);
  const stored = async (store: ArtifactStore, digest: string, path?: string): Promise<boolean> => {
    const found = await store.find('acme', digest, path);
    expect((await store.stream('acme', digest, undefined, path)) !== undefined).toBe(found !== undefined);
    return found !== undefined;
  };

  test('a deleted job removes its artifacts', async () => {
    const store = await aStore();
    const place = aPlace();
    const { digest, path } = await store.put('acme', randomBytes(1_000), 'image/png', { place });
    expect([await stored(store, digest, path), await stored(store, digest)]).toEqual([true, true]);
    await store.delete('acme', digest, { job: place.job, path });
    await store.delete('acme', digest, { job: place.job, path });
    expect([await stored(store, digest, path), await stored(store, digest)]).toEqual([false, false]);
    expect(await store.read('acme', digest)).toBeUndefined();
  });

  test('bytes that two jobs made stay until both are deleted', async () => {
    const store = await aStore();
    const bytes = randomBytes(1_000);
    const places = [aPlace(), aPlace()];
    const made = await Promise.all(places.map((place) => store.put('acme', bytes, 'image/png', { place })));
    const { digest } = made[0]!;
    await store.delete('acme', digest, { job: places[1]!.job, path: made[1]!.path });
    expect(await stored(store, digest, made[0]!.path)).toBe(true);
    expect(Buffer.compare((await store.read('acme', digest))!, bytes)).toBe(0);
    await store.delete('acme', digest, { job: places[0]!.job, path: made[0]!.path });
    expect(await stored(store, digest, made[0]!.path)).toBe(false);
    expect(await store.read('acme', digest)).toBeUndefined();
  });

  test('a job that another tenant deletes removes nothing', async () => {
    const store = await aStore();
    const bytes = randomBytes(1_000);
    const place = aPlace();
    const { digest, path } = await store.put('acme', bytes, 'image/png', { place });
    await store.put('other', bytes, 'image/png', { place });
    await store.delete('other', digest, { job: place.job });
    expect(await stored(store, digest, path)).toBe(true);
  });

  test.each(['an upload', 'a kept result'])('%s outlives the deleted job that made the same bytes', async (what) => {
    const store = await aStore();
    const bytes = randomBytes(300_000);
    const place = aPlace();
    const { digest, path } = await store.put('acme', bytes, 'image/png', { place });
    if (what === 'an upload') await store.put('acme', bytes, 'image/png');
    else {
      const kept = await store.keep('acme', digest, clock.now() + hour);
      expect(kept).toEqual({ digest, mediaType: 'image/png', bytes: bytes.length });
    }
    await store.delete('acme', digest, { job: place.job, path });
    expect(await store.find('acme', digest)).toEqual({ digest, mediaType: 'image/png', bytes: bytes.length });
    expect(Buffer.compare((await store.read('acme', digest))!, bytes)).toBe(0);
  });

  test('what is not stored, or was deleted, cannot be kept', async () => {
    const store = await aStore();
    const place = aPlace();
    const { digest, path } = await store.put('acme', randomBytes(1_000), 'image/png', { place });
    expect(await store.keep('other', digest, clock.now() + hour)).toBeUndefined();
    await store.delete('acme', digest, { job: place.job, path });
    expect(await store.keep('acme', digest, clock.now() + hour)).toBeUndefined();
  });

  test('keeping and deleting at the same moment: what was kept is readable', async () => {
    const store = await aStore();
    for (let round = 0; round < 20; round += 1) {
      const bytes = randomBytes(1_000);
      const place = aPlace();
      const { digest, path } = await store.put('acme', bytes, 'image/png', { place });
      const [kept] = await Promise.all([
        store.keep('acme', digest, clock.now() + hour),
        store.delete('acme', digest, { job: place.job, path }),
      ]);
      expect((await store.read('acme', digest)) !== undefined).toBe(kept !== undefined);
    }
  });
});
