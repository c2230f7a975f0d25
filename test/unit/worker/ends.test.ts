// How attempts end other than by success: errors, timeouts, cancellations, calls that ignore their abort, and drains.

import { afterEach, expect, test } from 'vitest';
import { AttemptFailed, taskError, type TaskErrorCode } from '../../../src/job/errors/index.ts';
import { hanging, made } from '../../fakes/provider.ts';
import { startWorld, unavailable, type World } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

let world: World;
afterEach(() => world.worker.drain());

const failing =
  (code: TaskErrorCode, details = {}) =>
  () =>
    Promise.reject(new AttemptFailed(taskError(code, `this is ${code}`, details)));

test.each([
  ['ProviderUnavailable', 'waiting', 1],
  ['PromptRefused', 'failed', 1],
  ['KeyRefused', 'queued', 0],
  ['RateLimited', 'queued', 0],
  ['QuotaExhausted', 'queued', 0],
] as const)('%s ends in %s', async (code, expected, attempt) => {
  world = startWorld(failing(code, { provider: { status: 418 } }));
  const { task } = world.submit();
  await until(() => world.log.entryOf(task)!.state.reason === code, { what: 'the attempt to fail' });
  const { state, detail } = world.log.entryOf(task)!;
  expect(state.state).toBe(expected);
  expect(state).toMatchObject({ reason: code, attempt, attemptsLost: 0 });
  expect(detail.error).toMatchObject({ code, provider: { status: 418 } });
  expect(world.keys.released.at(-1)).toMatchObject({ outcome: 'failed', error: { code } });
  if (expected === 'queued') {
    expect(state).toMatchObject({ lane: 'normal' });
    expect(detail.request).toEqual(world.log.entries[0]!.detail.request);
  }
  const metrics = await world.registry.metrics();
  expect(metrics).toMatch(/genwarden_provider_requests_total\{[^}]*code="418"\} 1/);
});

test('an unexpected error is a WorkerError, and is logged', async () => {
  world = startWorld(() => Promise.reject(new Error('a bug')));
  const { detail } = await world.log.reached(world.submit().task, 'waiting');
  expect(detail.error).toMatchObject({ code: 'WorkerError', message: expect.stringContaining('a bug') });
  expect(world.logged.some(({ level, err }) => level === 'error' && JSON.stringify(err).includes('a bug'))).toBe(true);
});

test('a call that takes too long is aborted and retried', async () => {
  const { generate, called } = hanging();
  world = startWorld(generate);
  const { task } = world.submit({ policy: { attemptTimeout: 100 } });
  const { signal } = await called;
  const { state, detail } = await world.log.reached(task, 'waiting');
  expect(signal.aborted).toBe(true);
  expect(state.reason).toBe('AttemptTimeout');
  expect(detail.error!.message).toContain('within 100 ms');
  expect(world.logged.find(({ event }) => event === 'attempt_timeout')).toMatchObject({ reason: 'AttemptTimeout' });
});

test('an attempt that timed out is one line while the task continues, and two facts when it ends', async () => {
  world = startWorld(hanging().generate);
  const lines = (): unknown[] =>
    world.logged.flatMap(({ event, msg }) =>
      event === 'generation_started' || event === undefined ? [] : [[event, msg]],
    );
  await world.log.reached(world.submit({ policy: { attemptTimeout: 100 } }).task, 'waiting');
  await until(() => lines().length > 0, { what: 'the line' });
  expect(lines()).toEqual([
    ['attempt_timeout', expect.stringMatching(/^The provider did not answer within 100 ms; retrying in \d+ ms$/)],
  ]);
  world.logged.length = 0;
  await world.log.reached(world.submit({ policy: { attemptTimeout: 100, maxAttempts: 1 } }).task, 'failed');
  await until(() => lines().length > 1, { what: 'both lines' });
  expect(lines()).toEqual([
    ['attempt_timeout', 'The provider did not answer within 100 ms'],
    ['generation_failed', 'Failed with AttemptTimeout after attempt 1 of 1'],
  ]);
});

test('runTimeout and deadline end an attempt with their own reasons', async () => {
  world = startWorld(hanging().generate);
  const run = world.submit({ policy: { runTimeout: 100 } });
  const deadline = world.submit({ of: { deadline: Date.now() + 100 } });
  expect((await world.log.reached(run.task, 'failed')).state.reason).toBe('RunTimeout');
  expect((await world.log.reached(deadline.task, 'failed')).state.reason).toBe('DeadlineExceeded');
  expect(world.logged.some(({ event }) => event === 'run_timeout')).toBe(true);
});

test('a cancellation aborts the call, writes nothing and frees the slot', async () => {
  const { generate, called } = hanging();
  world = startWorld(generate, { concurrency: 1 });
  const { task } = world.submit();
  const { signal } = await called;
  const { sequence } = world.log.entryOf(task)!;
  world.heartbeats.sendCancellation('worker-1', { job: task.of.job, task: 0, claim: sequence, reason: 'Cancelled' });
  await until(() => world.worker.running() === 0, { what: 'the slot to be free' });
  expect(signal.aborted).toBe(true);
  expect(world.log.entryOf(task)!.sequence).toBe(sequence);
  expect(world.logged.find(({ event }) => event === 'generation_cancelled')).toMatchObject({ reason: 'Cancelled' });
  expect(world.keys.released).toContainEqual({ outcome: 'aborted' });
});

test('a cancellation of another claim changes nothing', async () => {
  const done = Promise.withResolvers<void>();
  const called = Promise.withResolvers<AbortSignal>();
  world = startWorld(async (_request, { signal }) => {
    called.resolve(signal);
    await done.promise;
    return made();
  });
  const { task } = world.submit();
  const signal = await called.promise;
  world.heartbeats.sendCancellation('worker-1', { job: task.of.job, task: 0, claim: 99, reason: 'WorkerLost' });
  await new Promise(setImmediate);
  expect(signal.aborted).toBe(false);
  done.resolve();
  await world.log.reached(task, 'succeeded');
});

test('a cancellation that overtakes the answer to the claim is not lost', async () => {
  world = startWorld(hanging().generate);
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  world.log.intercept = async (_next, store) => {
    world.log.intercept = undefined;
    const outcome = store();
    asked.resolve();
    await answer.promise;
    return outcome;
  };
  const { task } = world.submit();
  await asked.promise;
  world.heartbeats.sendCancellation('worker-1', { job: task.of.job, task: 0, claim: 2, reason: 'Cancelled' });
  await new Promise(setImmediate);
  answer.resolve();
  await until(() => world.logged.some(({ event }) => event === 'generation_cancelled'), { what: 'the cancellation' });
  expect(world.log.entryOf(task)!.state.state).toBe('running');
});

test('once the provider has answered, a cancellation no longer drops the result', async () => {
  const stored = Promise.withResolvers<void>();
  const storing = Promise.withResolvers<void>();
  world = startWorld(() => Promise.resolve(made('x'.repeat(300 * 1024))));
  world.artifacts.beforePut = () => {
    storing.resolve();
    return stored.promise;
  };
  const { task } = world.submit();
  await storing.promise;
  world.heartbeats.sendCancellation('worker-1', { job: task.of.job, task: 0, claim: 2, reason: 'WorkerLost' });
  await new Promise(setImmediate);
  stored.resolve();
  await world.log.reached(task, 'succeeded');
});

test('a call that ignores its abort leaks its slot until it settles', async () => {
  const letGo = Promise.withResolvers<void>();
  const ignoring = async () => {
    await letGo.promise;
    return made();
  };
  world = startWorld(ignoring, { concurrency: 3 });
  const { task } = world.submit({ policy: { attemptTimeout: 100, maxAttempts: 1 } });
  const { state } = await world.log.reached(task, 'failed');
  expect(state.reason).toBe('AttemptTimeout');
  await until(() => (world.worker.beat(), world.heartbeats.beats.at(-1)!.slots.leaked === 1), { what: 'the leak' });
  expect(world.worker.health()).toEqual({ live: true, reason: 'working' });
  expect(world.keys.released).toContainEqual({ outcome: 'aborted' });
  letGo.resolve();
  await until(() => (world.worker.beat(), world.heartbeats.beats.at(-1)!.slots.leaked === 0), {
    what: 'the end of it',
  });
  expect(world.log.entryOf(task)!.state.state).toBe('failed');
});

test('a worker that has leaked half of its slots reports that it should be replaced, and ends', async () => {
  const ignoring = () => new Promise<never>(() => undefined);
  world = startWorld(ignoring, { concurrency: 2 });
  const { task } = world.submit({ policy: { attemptTimeout: 100, maxAttempts: 1 } });
  await world.log.reached(task, 'failed');
  await world.worker.finished;
  expect(world.worker.health()).toMatchObject({ live: false, reason: expect.stringContaining('1 of 2 slots') });
});

test('a drain lets an attempt that ends in time finish', async () => {
  const done = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  const generate = async () => {
    called.resolve();
    await done.promise;
    return made();
  };
  world = startWorld(generate, { drainTimeoutMs: 10_000 });
  const { task } = world.submit();
  await called.promise;
  const drained = world.worker.drain();
  expect(world.heartbeats.beats.at(-1)).toMatchObject({ draining: true, tasks: [{ job: task.of.job }] });
  expect(world.heartbeats.beats.some(({ stopped }) => stopped)).toBe(false);
  done.resolve();
  await drained;
  expect(world.log.entryOf(task)!.state.state).toBe('succeeded');
  expect(world.worker.running()).toBe(0);
  expect(world.keys.inHand).toBe(0);
  expect(world.heartbeats.beats.at(-1)).toMatchObject({ draining: true, stopped: true, tasks: [] });
});

test('a drain requeues unfinished tasks without counting the attempt, and claims nothing more', async () => {
  const { generate, called } = hanging();
  world = startWorld(generate, { drainTimeoutMs: 20, concurrency: 2 });
  const { task } = world.submit();
  const { signal } = await called;
  await world.worker.drain();
  expect(signal.aborted).toBe(true);
  const { state, detail } = world.log.entryOf(task)!;
  expect(state).toMatchObject({ state: 'queued', lane: 'again', reason: 'WorkerDrained', attempt: 0, attemptsLost: 0 });
  expect(detail.request).toEqual(world.log.entries[0]!.detail.request);
  expect(world.logged.find(({ event }) => event === 'task_requeued')).toMatchObject({ reason: 'WorkerDrained' });
  await world.worker.finished;
  const late = world.submit();
  expect(late.delivery.answers).toEqual([]);
  expect(world.worker.health()).toEqual({ live: true, reason: 'draining' });
});

test('a drain ends even if NATS is unreachable', async () => {
  const { generate, called } = hanging();
  world = startWorld(generate, { drainTimeoutMs: 20, requeueTimeoutMs: 50 });
  const { task } = world.submit();
  await called;
  world.log.intercept = () => Promise.reject(unavailable());
  await world.worker.drain();
  expect(world.log.entryOf(task)!.state.state).toBe('running');
  await until(() => world.worker.running() === 0, { what: 'the worker to give up the held result' });
  expect(world.logged.some(({ event }) => event === 'status_write_failed')).toBe(true);
});

test('deliveries that arrive while the worker stops are returned immediately', async () => {
  world = startWorld(() => Promise.resolve(made()));
  await until(() => world.queue.asked.length > 0, { what: 'a fetch from the queue' });
  const { delivery, task } = world.submit();
  await world.worker.drain();
  expect(delivery.answers).toEqual(['nak 0']);
  expect(world.log.entryOf(task)!.state.state).toBe('queued');
});
