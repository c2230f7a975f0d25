// Reading references: every failure names the reference and the artifact store, and none is blamed on the provider.

import { afterEach, expect, test } from 'vitest';
import { untilAborted } from '../../../src/async/abort.ts';
import type { ArtifactStore } from '../../../src/ports/artifactStore.ts';
import { fakeArtifactStore } from '../../fakes/artifactStore.ts';
import { made } from '../../fakes/provider.ts';
import { startWorld, type SubmitOptions, type World } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

let world: World;
afterEach(() => world.worker.drain());

/** A world with five stored references, whose store reads them as `read` does; `calls` counts the provider's. */
async function startReading(read: (which: number, signal: AbortSignal) => Promise<Uint8Array | undefined>) {
  const store = fakeArtifactStore();
  const stored = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((text) => store.put('default', Buffer.from(text), 'image/png')),
  );
  const digests = stored.map(({ digest }) => digest);
  const artifacts: ArtifactStore = {
    ...store,
    read: (_tenant, digest, signal) => read(digests.indexOf(digest) + 1, signal!),
  };
  let calls = 0;
  world = startWorld(() => Promise.resolve(made(String((calls += 1)))), { artifacts });
  const references = digests.map((artifact) => ({ artifact, mediaType: 'image/png' }));
  const submit = (options: SubmitOptions = {}) =>
    world.submit({ ...options, request: { input: { prompt: 'x', references } } });
  return { digests, submit, calls: () => calls };
}

const bytes = Buffer.from('bytes');
const never = new Promise<never>(() => undefined);
const firstTwo = (which: number, signal: AbortSignal): Promise<Uint8Array> =>
  which <= 2 ? Promise.resolve(bytes) : untilAborted(never, signal);

test('a store that stops answering ends the attempt as its failure, not as a timeout of the provider', async () => {
  const { submit, calls } = await startReading(firstTwo);
  const fallback = [{ pool: 'other', model: 'another' }];
  const { task } = submit({ policy: { attemptTimeout: 200 }, fallback });
  const { state, detail } = await world.log.reached(task, 'waiting');
  expect(state.reason).toBe('ArtifactStoreFailed');
  expect(detail.error!.message).toBe(
    'The attempt had 200 ms, and the worker was still reading reference 3 of 5 from the artifact store',
  );
  expect(calls()).toBe(0);
  expect(world.keys.released).toEqual([{ outcome: 'unused' }]);
  await until(() => world.worker.running() === 0, { what: 'the slot to be free' });
  expect(world.worker.health()).toEqual({ live: true, reason: 'working' });
});

test('a deadline that passes meanwhile keeps its code and names the phase', async () => {
  const { submit } = await startReading(firstTwo);
  const { detail } = await world.log.reached(submit({ of: { deadline: Date.now() + 200 } }).task, 'failed');
  expect(detail.error).toMatchObject({
    code: 'DeadlineExceeded',
    message: expect.stringMatching(/^The attempt had .*ms, and the worker was still reading reference 3 of 5 from/),
  });
});

test('heartbeats show which reference is being read', async () => {
  const { submit } = await startReading(firstTwo);
  const beats = world.heartbeats.watch(new AbortController().signal)[Symbol.asyncIterator]();
  const { task } = submit();
  const phase = await until(
    async () => {
      world.worker.beat();
      const { value } = await beats.next();
      const phaseNow = value?.event === 'beat' ? value.beat.tasks[0]?.phase : undefined;
      return phaseNow?.phase === 'references' && phaseNow.read === 2 ? phaseNow : undefined;
    },
    { what: 'two of them to be read' },
  );
  expect(phase).toEqual({ phase: 'references', read: 2, of: 5 });
  expect(world.log.entryOf(task)!.state.state).toBe('running');
});

test('a reference that is missing, and one that cannot be read, are named', async () => {
  const missing = await startReading((which) => Promise.resolve(which === 4 ? undefined : bytes));
  const { detail } = await world.log.reached(missing.submit().task, 'failed');
  expect(detail.error).toMatchObject({
    code: 'ReferenceNotFound',
    message: `Reference 4 of 5 (${missing.digests[3]}) is not stored`,
  });
  await world.worker.drain();
  const broken = await startReading((which) =>
    which === 2 ? Promise.reject(new Error('altered')) : Promise.resolve(bytes),
  );
  const failed = await world.log.reached(broken.submit().task, 'waiting');
  expect(failed.detail.error).toMatchObject({
    code: 'ArtifactStoreFailed',
    message: `Reading reference 2 of 5 (${broken.digests[1]}) from the artifact store failed: altered`,
  });
});
