// Which tasks the controller moves when they are due, and exactly when.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { taskError } from '../../../src/job/errors/index.ts';
import { afterFailure } from '../../../src/job/retryOrFail.ts';
import { claimed, submitted, toReview, waiting } from '../../../src/job/transitions.ts';
import { aRequest, start } from '../../fakes/tasks.ts';
import { listed, policy, taskOf, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

describe('time', () => {
  test('a task that no worker claims fails at its dueAt', async () => {
    const { lines } = await stage.startController();
    stage.log.append(submitted(taskOf()));
    await stage.clock.advance(59_999);
    expect(stage.log.lastOf().state).toBe('queued');
    await stage.clock.advance(1);
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'QueueTimeout', finishedAt: start + 60_000 });
    expect(stage.log.entries.at(-1)!.detail.error).toMatchObject({ code: 'QueueTimeout', retryable: false });
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'generation_failed', reason: 'QueueTimeout', task: 0 }),
    );
  });

  test('a message that the queue has lost is requeued after two searches, and one that is only late is not', async () => {
    const patient = taskOf({ policy: { ...policy, queueTimeout: 600_000 } });
    stage.declarePool('default');
    await stage.startController();
    stage.log.append(submitted(patient));
    await stage.clock.advance(120_000);
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', lane: 'normal' });
    stage.queue.lose('default');
    await stage.clock.advance(32_000);
    expect(stage.log.lastOf()).toMatchObject({ lane: 'normal' });
    await stage.clock.advance(32_000);
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', lane: 'again', reason: 'MessageLost', attempt: 0 });
  });

  test('a backoff ends at its retryAt: the request is requeued in the lane `again`', async () => {
    const { lines } = await stage.startController();
    const { running } = stage.startTask();
    stage.log.append(waiting(running, 'ProviderError', start + 700, start));
    await stage.clock.advance(699);
    expect(stage.log.lastOf().state).toBe('waiting');
    await stage.clock.advance(1);
    expect(stage.log.lastOf()).toMatchObject({ state: 'queued', lane: 'again', reason: 'RetryDue', attempt: 1 });
    expect(stage.log.entries.at(-1)!.detail.request).toEqual(aRequest);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'task_requeued', reason: 'RetryDue' }));
  });

  test('an attempt that its live worker does not end is ended half a second after it is due', async () => {
    const { lines } = await stage.startController();
    const { claim } = stage.startTask();
    await stage.advanceWithHeartbeats(60_000, () => stage.heartbeats.hear('worker-1', [listed(0, claim)]));
    expect(stage.log.lastOf().state).toBe('running');
    await stage.clock.advance(500);
    expect(stage.log.lastOf()).toMatchObject({ state: 'waiting', reason: 'AttemptTimeout' });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'attempt_timeout', worker: 'worker-1' }));
  });

  test('a hanging call is retried up to maxAttempts, and the task then fails within runTimeout', async () => {
    await stage.startController();
    const of = taskOf({ policy: { ...policy, attemptTimeout: 10_000, maxAttempts: 2 } });
    stage.startTask(0, 'worker-1', of);
    await stage.advanceWithHeartbeats(20_000, () => stage.heartbeats.hear('worker-1', [listed(0, 0)]));
    const again = stage.log.lastOf();
    if (again.state !== 'queued') throw new Error(`expected queued, not ${again.state}`);
    stage.log.append(claimed(again, 'worker-1', 9, stage.clock.now()));
    await stage.advanceWithHeartbeats(12_000, () => stage.heartbeats.hear('worker-1', [listed(0, 0)]));
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'AttemptTimeout', attempt: 2 });
  });

  test('a review times out, and the task keeps its result', async () => {
    await stage.startController();
    const { running } = stage.startTask();
    const artifacts = [{ name: 'image', mediaType: 'image/png', bytes: 1, digest: 'sha256:x' }];
    const flags = [{ source: 'check', reason: 'It is red' }] as const;
    const used = { pool: 'default', provider: 'gemini', model: 'm' };
    stage.log.append(toReview(running, start, 'Flagged'), { artifacts, flags, used });
    await stage.clock.advance(30_000);
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'ReviewTimeout' });
    expect(stage.log.entries.at(-1)!.detail).toMatchObject({ artifacts, flags, used });
  });

  test('a requeue without a stored request fails the task as SpecLost', async () => {
    await stage.startController();
    const { running } = stage.startTask();
    stage.log.losesRequests = true;
    stage.log.append(waiting(running, 'ProviderError', start + 10, start));
    await stage.clock.advance(10);
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'SpecLost' });
    expect(stage.log.entries.at(-1)!.detail.error).toMatchObject({ code: 'SpecLost' });
  });

  test('tasks that were overdue before a controller led are moved as soon as one leads', async () => {
    const { lead } = await stage.startController('controller-1', false);
    stage.log.append(submitted(taskOf()));
    await stage.clock.advance(90_000);
    expect(stage.log.lastOf().state).toBe('queued');
    await lead(true);
    expect(stage.log.lastOf()).toMatchObject({ state: 'failed', reason: 'QueueTimeout' });
  });
});

test('the controller writes nothing after a final failure that the worker reported', async () => {
  await stage.startController();
  const { running } = stage.startTask();
  stage.log.append(afterFailure(running, taskError('PromptRefused', 'no'), start, 0.5).state);
  await stage.clock.advance(300_000);
  expect(stage.log.tries).toEqual([]);
});
