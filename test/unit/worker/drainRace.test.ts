// A drain that starts while a task is being delivered: the worker finishes what it has claimed.
import { afterEach, expect, test } from 'vitest';
import { made } from '../../fakes/provider.ts';
import { startWorld, type World } from '../../fakes/workerWorld.ts';

let world: World;
afterEach(() => world.worker.drain());

test('a task with a claim in flight when the drain begins is run to its end', async () => {
  const [claiming, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [called, done] = [Promise.withResolvers<AbortSignal>(), Promise.withResolvers<void>()];
  const generate = async (_request: unknown, { signal }: { signal: AbortSignal }) => {
    called.resolve(signal);
    await done.promise;
    return made();
  };
  world = startWorld(generate, { drainTimeoutMs: 10_000 });
  world.log.intercept = async (_next, store) => {
    world.log.intercept = undefined;
    claiming.resolve();
    await answer.promise;
    return store();
  };
  const { task } = world.submit();
  await claiming.promise;
  const drained = world.worker.drain();
  const later = world.submit();
  answer.resolve();
  const signal = await called.promise;
  expect(world.worker.health().reason).toBe('draining');
  done.resolve();
  await drained;
  expect(signal.aborted).toBe(false);
  expect(world.log.entryOf(task)!.state).toMatchObject({ state: 'succeeded', attempt: 1, attemptsLost: 0 });
  expect(world.log.entryOf(later.task)!.state.state).toBe('queued');
});
