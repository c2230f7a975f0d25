// The final write: retried until it is answered, adopted when late if no other worker has the task, refused otherwise.

import { afterEach, describe, expect, test } from 'vitest';
import { AttemptFailed, GenwardenError, taskError } from '../../../src/job/errors/index.ts';
import { afterLoss } from '../../../src/job/retryOrFail.ts';
import type { Queued, Running, TaskState, TaskWrite } from '../../../src/job/task.ts';
import { cancelled, claimed, failed, fellBack, newRun, succeeded, waiting } from '../../../src/job/transitions.ts';
import { adopt } from '../../../src/worker/adopt.ts';
import type { Claim, WrittenEnding } from '../../../src/worker/pipeline.ts';
import { made } from '../../fakes/provider.ts';
import { startWorld, unavailable, type World } from '../../fakes/workerWorld.ts';
import { anEntry, aRequest, queuedTask, start } from '../../fakes/tasks.ts';
import { until } from '../../support/until.ts';

describe('adoption', () => {
  const spec = queuedTask({ submittedAt: start });
  const running = claimed(spec, 'worker-1', 4, start + 1_000);
  const claim: Claim = { sequence: 10, state: running, request: aRequest };
  const lost = taskError('WorkerLost', 'silent');
  const good: Extract<WrittenEnding, { end: 'completed' }> = {
    end: 'completed',
    result: { usage: { inputTokens: 1, outputTokens: 1, durationMs: 5 } },
  };
  const refusal: WrittenEnding = { end: 'failed', error: taskError('PromptRefused', 'no') };
  const hiccup: WrittenEnding = { end: 'failed', error: taskError('ProviderError', 'oops') };
  const outOfTime: WrittenEnding = { end: 'failed', error: taskError('RunTimeout', 'late') };
  const now = start + 20_000;
  const afterLost = afterLoss(running, lost, start + 10_000).state as Queued;
  const inBackoff = waiting(running, 'AttemptTimeout', now, start + 10_000);
  const secondRun = newRun(failed(running, 'RunTimeout', now), 'Retried', now);

  test.each<[string, WrittenEnding, TaskState, string | undefined]>([
    ['a success after a requeue', good, afterLost, 'succeeded'],
    ['a success while waiting', good, inBackoff, 'succeeded'],
    ['a refusal after a requeue', refusal, afterLost, 'failed'],
    ['a refusal while waiting', refusal, inBackoff, 'failed'],
    ['a retryable error after a requeue', hiccup, afterLost, undefined],
    ['a retryable error while waiting', hiccup, inBackoff, undefined],
    ['a time limit of the claim, after a requeue', outOfTime, afterLost, undefined],
    ['a success while another worker runs it', good, claimed(afterLost, 'worker-2', 1, now), undefined],
    ['a success after another success', good, succeeded(running, now), undefined],
    ['a success after a cancel', good, cancelled(running, now), undefined],
    ['a success after a failure', good, failed(running, 'RunTimeout', now), undefined],
    ['a success of an earlier run', good, secondRun, undefined],
  ])('%s', (_name, ending, last, expected) => {
    expect(adopt(claim, ending, anEntry(11, last), now)?.write.state.state).toBe(expected);
  });

  test('leaves a failure that a fallback may help with to the next attempt', () => {
    const fallback = [{ pool: spec.of.pool, model: 'second' }];
    const of = { ...spec.of, policy: { ...spec.of.policy, fallback } };
    const state = claimed({ ...spec, of }, 'worker-1', 4, start + 1_000);
    const movedOn = anEntry(11, fellBack(state, 1, start + 10_000));
    const requeuedAlike = anEntry(11, afterLoss(state, lost, start + 10_000).state);
    const retired: WrittenEnding = { end: 'failed', error: taskError('ModelNotFound', 'gone') };
    expect(adopt({ ...claim, state }, refusal, movedOn, now)).toBeUndefined();
    expect(adopt({ ...claim, state }, retired, requeuedAlike, now)).toBeUndefined();
    expect(adopt({ ...claim, state }, refusal, requeuedAlike, now)?.write.state.state).toBe('failed');
    expect(adopt({ ...claim, state }, good, movedOn, now)?.write.state.state).toBe('succeeded');
  });

  test('requires a last message that is newer than the claim', () => {
    expect(adopt(claim, good, anEntry(9, afterLost), now)).toBeUndefined();
    expect(adopt(claim, good, undefined, now)).toBeUndefined();
  });

  test('continues the counts and budgets of the message it follows', () => {
    const { write, expected } = adopt(claim, good, anEntry(11, afterLost), now)!;
    expect(expected).toBe(11);
    expect(write.state).toMatchObject({ attempt: 1, attemptsLost: 1, worker: 'worker-1', finishedAt: now, since: now });
    expect(write.state.budgets).toEqual({ ...afterLost.budgets, queue: afterLost.budgets.queue - 10_000 });
    const second = waiting(claimed(afterLost, 'worker-2', 1, now), 'AttemptTimeout', now, now);
    expect(adopt(claim, good, anEntry(14, second), now)!.write.state).toMatchObject({ attempt: 2, attemptsLost: 1 });
  });

  test('goes to review if the policy requires it', () => {
    const reviewed = claimed(queuedTask({ policy: { review: 'always' } }), 'worker-1', 4, start);
    const last = afterLoss(reviewed, lost, start + 1).state;
    const { write } = adopt({ ...claim, state: reviewed }, good, anEntry(11, last), now)!;
    expect(write.state).toMatchObject({ state: 'needs_review', dueAt: now + reviewed.budgets.review });
  });

  test('goes to review with its flags if it was flagged', () => {
    const checked = claimed(queuedTask({ policy: { check: { prompt: 'Is it red?' } } }), 'worker-1', 4, start);
    const last = anEntry(11, afterLoss(checked, lost, start + 1).state);
    const flags = [{ source: 'check', reason: 'It is red' }] as const;
    const flagged: WrittenEnding = { ...good, result: { ...good.result, flags } };
    const { write } = adopt({ ...claim, state: checked }, flagged, last, now)!;
    expect(write).toMatchObject({ state: { state: 'needs_review', reason: 'Flagged' }, detail: { flags } });
    expect(adopt({ ...claim, state: checked }, good, last, now)!.write.state.state).toBe('succeeded');
  });
});

describe('reporting', () => {
  let world: World;
  afterEach(() => world.worker.drain());

  /** Answers the claim; at the final write, `meddle` writes first without the worker's knowledge. */
  const meddle = (write: (running: Running) => TaskWrite): void => {
    world.log.intercept = async (next, store) => {
      if (next.state.state === 'running') return store();
      world.log.intercept = undefined;
      const last = world.log.entryOf(next.state)!;
      world.log.store(write(last.state as Running), last.sequence);
      return await Promise.resolve(store());
    };
  };
  const finished = (): Promise<boolean> => until(() => world.worker.running() === 0, { what: 'the slot to be free' });
  const lose = (running: Running): TaskWrite => {
    const { state, error } = afterLoss(running, taskError('WorkerLost', 'silent'), Date.now());
    return { state: state as Queued, detail: { message: '', error, request: aRequest } };
  };

  test('a result is held while NATS is unreachable, and stored afterwards', async () => {
    world = startWorld(() => Promise.resolve(made()));
    let tries = 0;
    world.log.intercept = (next, store) => {
      if (next.state.state === 'running') return Promise.resolve(store());
      tries += 1;
      return tries > 3 ? Promise.resolve(store()) : Promise.reject(unavailable());
    };
    const { task } = world.submit();
    await until(() => tries >= 2, { what: 'the second try' });
    world.worker.beat();
    expect(world.heartbeats.beats.at(-1)!.tasks).toMatchObject([{ job: task.of.job, claim: 2 }]);
    await world.log.reached(task, 'succeeded');
    expect(tries).toBe(4);
    expect(world.logged.filter(({ event }) => event === 'status_write_failed')).toHaveLength(1);
  });

  test('a result is held while the storage is full, however often the write is retried', async () => {
    world = startWorld(() => Promise.resolve(made()));
    let tries = 0;
    world.log.intercept = (next, store) => {
      if (next.state.state === 'running') return Promise.resolve(store());
      tries += 1;
      return tries > 5 ? Promise.resolve(store()) : Promise.reject(new GenwardenError('StorageFull', 'no room'));
    };
    const { task } = world.submit();
    await world.log.reached(task, 'succeeded');
    expect(tries).toBe(6);
  });

  test('a final write is recognised after its answer was lost', async () => {
    world = startWorld(() => Promise.resolve(made()));
    world.log.intercept = async (next, store) => {
      store();
      if (next.state.state === 'running') return { outcome: 'written', entry: world.log.entryOf(next.state)! };
      world.log.intercept = undefined;
      return await Promise.reject(unavailable());
    };
    const { task } = world.submit();
    await world.log.reached(task, 'succeeded');
    await finished();
    expect(world.log.entries.filter(({ state }) => state.state === 'succeeded')).toHaveLength(1);
    expect(world.logged.some(({ event }) => event === 'status_write_refused')).toBe(false);
    expect(world.logged.some(({ event }) => event === 'generation_completed')).toBe(true);
  });

  test('a result is adopted after the worker was considered lost', async () => {
    world = startWorld(() => Promise.resolve(made()));
    meddle(lose);
    const { task } = world.submit();
    const { state } = await world.log.reached(task, 'succeeded');
    expect(state).toMatchObject({ attempt: 1, attemptsLost: 1, worker: 'worker-1' });
    await finished();
    expect(world.logged.find(({ event }) => event === 'generation_completed')!['msg']).toContain('adopted');
  });

  test('an adoption is refused if another write precedes it', async () => {
    world = startWorld(() => Promise.resolve(made()));
    let finals = 0;
    world.log.intercept = async (next, store) => {
      if (next.state.state === 'running') return store();
      finals += 1;
      const { state: last, sequence } = world.log.entryOf(next.state)!;
      if (finals === 1) world.log.store(lose(last as Running), sequence);
      else
        world.log.store(
          { state: claimed(last as Queued, 'worker-2', 1, Date.now()), detail: { message: '' } },
          sequence,
        );
      return await Promise.resolve(store());
    };
    const { task } = world.submit();
    await until(() => world.logged.some(({ event }) => event === 'status_write_refused'), { what: 'the refusal' });
    expect(finals).toBe(2);
    expect(world.log.entryOf(task)!.state).toMatchObject({ state: 'running', worker: 'worker-2' });
  });

  test('the result of a cancelled task is refused, logged and counted; its artifacts remain', async () => {
    world = startWorld(() => Promise.resolve(made('x'.repeat(300 * 1024))));
    meddle((running) => ({ state: cancelled(running, Date.now()), detail: { message: '' } }));
    const { task } = world.submit();
    await world.log.reached(task, 'cancelled');
    await finished();
    expect(world.logged.find(({ event }) => event === 'status_write_refused')).toMatchObject({ reason: 'Succeeded' });
    expect(await world.registry.metrics()).toMatch(/genwarden_attempts_total\{[^}]*outcome="refused"\} 1/);
    expect(world.artifacts.stored.size).toBe(1);
  });

  test('a retryable error is dropped if the task was requeued meanwhile', async () => {
    world = startWorld(() => Promise.reject(new AttemptFailed(taskError('ProviderError', 'oops'))));
    meddle(lose);
    const { task } = world.submit();
    await until(() => world.logged.some(({ event }) => event === 'status_write_refused'), { what: 'the refusal' });
    expect(world.log.entryOf(task)!.state).toMatchObject({ state: 'queued', reason: 'WorkerLost' });
  });

  test('the worker gives up a write that can never succeed, and logs it', async () => {
    world = startWorld(() => Promise.resolve(made()));
    world.log.intercept = (next, store) =>
      next.state.state === 'running' ? Promise.resolve(store()) : Promise.reject(new Error('too large'));
    const { task } = world.submit();
    await finishedAfterFaults();
    expect(world.log.entryOf(task)!.state.state).toBe('running');
  });
  const finishedAfterFaults = async (): Promise<void> => {
    const message = 'The worker stopped before NATS confirmed its final status';
    await until(() => world.logged.some(({ msg }) => msg === message), { what: 'the worker to give up' });
    await finished();
  };

  test('held results occupy their slots, which limits their number', async () => {
    world = startWorld(() => Promise.resolve(made()), { concurrency: 2 });
    const held = new Set<string>();
    world.log.intercept = (next, store) => {
      if (next.state.state === 'running') return Promise.resolve(store());
      held.add(next.state.of.job);
      return Promise.reject(unavailable());
    };
    const tasks = [world.submit(), world.submit(), world.submit()].map(({ task }) => task);
    await until(() => world.worker.running() === 2, { what: 'both slots to be held' });
    await until(() => held.size === 2, { what: 'holds' });
    expect(world.log.entryOf(tasks[2]!)!.state.state).toBe('queued');
    world.log.intercept = undefined;
    for (const task of tasks) await world.log.reached(task, 'succeeded');
  });
});
