// A worker while the storage is full: it claims no image task that it could not store, and its heartbeats report what is full.

import { afterEach, expect, test } from 'vitest';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import type { FullStorage } from '../../../src/job/storage.ts';
import { hanging } from '../../fakes/provider.ts';
import { startWorld, type World } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

let world: World;
afterEach(() => world.worker.drain());

const full: FullStorage = { place: 'account', refuses: 'artifacts', since: 0, words: '91 % used' };

test('image tasks return to the queue unclaimed while there is no room for artifacts; text tasks run', async () => {
  const { generate } = hanging();
  world = startWorld(generate);
  world.artifacts.beforeRoom = () => {
    throw new GenwardenError('StorageFull', '91 % used');
  };
  const image = world.submit({ of: { kind: 'image' } });
  const text = world.submit({ of: { kind: 'text' } });
  await world.log.reached(text.task, 'running');
  expect(await until(() => image.delivery.answers[0], { what: 'an answer' })).toMatch(/nak/);
  expect(world.log.entryOf(image.task)!.state.state).toBe('queued');
});

test('heartbeats report full storage at once, and its end', async () => {
  const { generate } = hanging();
  let now: FullStorage | undefined;
  let changed = (): void => undefined;
  const storage = {
    full: () => now,
    onChange: (listener: () => void) => {
      changed = listener;
      return () => undefined;
    },
  };
  world = startWorld(generate, { storage });
  const { signal } = new AbortController();
  const beats = world.heartbeats.watch(signal)[Symbol.asyncIterator]();
  const reported = async () => {
    const { value } = await beats.next();
    return value.event === 'beat' ? value.beat.storage : 'no heartbeat';
  };
  now = full;
  changed();
  expect(await reported()).toEqual(full);
  now = undefined;
  changed();
  expect(await reported()).toBeUndefined();
});
