// The leader's other duties: consumers, metrics, the details of cancellations, and 100,000 open tasks.

import { longAgo } from '../../../src/job/time.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cancellationsFor } from '../../../src/controller/cancellations.ts';
import { violatedBy } from '../../../src/controller/invariants.ts';
import type { TaskState } from '../../../src/job/task.ts';
import {
  cancelled,
  claimed,
  failed,
  newRun,
  requeued,
  returned,
  submitted,
  succeeded,
  waiting,
} from '../../../src/job/transitions.ts';
import { JobIndex } from '../../../src/readmodel/jobIndex.ts';
import { beatOf } from '../../fakes/heartbeats.ts';
import { runningTask, start } from '../../fakes/tasks.ts';
import { settle } from '../../fakes/clock.ts';
import { heartbeatTimeout, listed, metric, policy, Stage, taskOf } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

describe('consumers', () => {
  test('the leader ensures those of every pool repeatedly, and those of a new pool immediately', async () => {
    stage.declarePool('default');
    const { lead } = await stage.startController('controller-1', false);
    stage.declarePool('early');
    await stage.clock.advance(60_000);
    expect(stage.queue.ensured).toEqual([]);
    await lead(true);
    expect(stage.queue.ensured).toEqual(['default', 'early']);
    stage.declarePool('late');
    await settle();
    expect(stage.queue.ensured).toEqual(['default', 'early', 'late']);
    await stage.clock.advance(15_000);
    expect(stage.queue.ensured.slice(3)).toEqual(['default', 'early', 'late']);
  });
});

describe('metrics', () => {
  test('show open and finished tasks, the reasons, and the leader', async () => {
    stage.log.bytes = 4_096;
    const { registry } = await stage.startController('controller-1');
    const { running } = stage.startTask(0);
    stage.log.append(submitted(taskOf({ task: 1 })));
    await stage.clock.advance(1_000);
    stage.log.append(succeeded(running, start + 1_000));
    await stage.clock.advance(5_000);
    const labels = { pool: 'default' };
    expect(await metric(registry, 'genwarden_tasks', { ...labels, state: 'queued' })).toBe(1);
    expect(await metric(registry, 'genwarden_tasks', { ...labels, state: 'running' })).toBe(0);
    const end = { ...labels, kind: 'image', outcome: 'succeeded', reason: 'Succeeded' };
    expect(await metric(registry, 'genwarden_tasks_finished_total', end)).toBe(1);
    const oldest = { ...labels, state: 'queued' };
    expect(await metric(registry, 'genwarden_oldest_open_task_timestamp_seconds', oldest)).toBe(start / 1_000);
    expect(await metric(registry, 'genwarden_overdue_tasks', labels)).toBe(0);
    expect(await metric(registry, 'genwarden_jetstream_storage_bytes', {})).toBe(4_096);
    expect(await metric(registry, 'leader_election_master_status', { name: 'controller' })).toBe(1);
  });

  test('show the duration of a recovery, from the last heartbeat until the task runs again', async () => {
    const { registry } = await stage.startController();
    stage.startTask(0);
    await stage.clock.advance(heartbeatTimeout);
    const again = stage.log.lastOf();
    if (again.state !== 'queued') throw new Error(`expected queued, not ${again.state}`);
    await stage.clock.advance(500);
    stage.log.append(claimed(again, 'worker-2', 1, stage.clock.now()));
    await settle();
    expect(await metric(registry, 'genwarden_reconciliations_total', { rule: 'WorkerLost', verdict: 'written' })).toBe(
      1,
    );
    const { values } = await registry.getSingleMetric('genwarden_recovery_duration_seconds')!.get();
    const sum = values.find((value) => 'metricName' in value && String(value.metricName).endsWith('_sum'));
    expect(sum).toMatchObject({ value: (heartbeatTimeout + 500) / 1_000, labels: { rule: 'WorkerLost' } });
  });

  test('show the pauses and the key states of each pool', async () => {
    const { registry, lead } = await stage.startController();
    stage.declarePool('default');
    stage.declarePool('drawings');
    await settle();
    await stage.queue.pause('drawings');
    const key = {
      pool: '',
      fingerprint: 'k',
      until: null,
      cause: null,
      inFlight: 0,
      requestsPerMinute: 1,
      callsLastMinute: 0,
      requestsLeft: 1,
      maxInFlight: 4,
      provider: null,
      message: '',
      models: [],
    };
    stage.keys.states = [
      { ...key, state: 'ready' },
      { ...key, state: 'cooling' },
      { ...key, state: 'cooling' },
    ];
    await stage.clock.advance(5_000);
    const paused = (pool: string) => metric(registry, 'genwarden_pool_paused', { pool });
    expect([await paused('default'), await paused('drawings')]).toEqual([0, 1]);
    const keys = (state: string) => metric(registry, 'genwarden_keys', { pool: 'default', state });
    expect([await keys('ready'), await keys('cooling'), await keys('refused')]).toEqual([1, 2, 0]);
    await stage.queue.resume('drawings');
    await stage.clock.advance(5_000);
    expect(await paused('drawings')).toBe(0);
    await lead(false);
    expect(await paused('drawings')).toBeUndefined();
  });

  test('a process that no longer leads exports no task metrics', async () => {
    const { registry, lead } = await stage.startController('controller-1');
    stage.startTask(0);
    await stage.clock.advance(6_000);
    await lead(false);
    expect(await metric(registry, 'genwarden_tasks', { pool: 'default', state: 'running' })).toBeUndefined();
    expect(await metric(registry, 'leader_election_master_status', { name: 'controller' })).toBe(0);
  });

  test('count a task that stays overdue as one violated invariant', async () => {
    const { registry } = await stage.startController();
    stage.log.append(submitted(taskOf()));
    await stage.clock.advance(55_000);
    const silence = Promise.withResolvers<never>();
    vi.spyOn(stage.log, 'write').mockReturnValue(silence.promise);
    await stage.clock.advance(60_000);
    expect(await metric(registry, 'genwarden_invariant_violations_total', { invariant: 'OverdueUnmoved' })).toBe(1);
    expect(await metric(registry, 'genwarden_overdue_tasks', { pool: 'default' })).toBe(1);
    silence.reject(new Error('the test is over'));
  });

  test('do not count tasks that were overdue before a controller led', async () => {
    const { registry, lead } = await stage.startController('controller-1', false);
    stage.log.append(submitted(taskOf()));
    await stage.clock.advance(120_000);
    await lead(true);
    await stage.clock.advance(20_000);
    expect(stage.log.lastOf().state).toBe('failed');
    expect(await metric(registry, 'genwarden_invariant_violations_total', { invariant: 'OverdueUnmoved' })).toBe(0);
  });
});

describe('cancellations', () => {
  const of = taskOf({ task: 0 });
  const claim = 10;
  const isCancelled = (newer: TaskState | undefined, sequence: number) => {
    const index = new JobIndex();
    if (newer !== undefined) index.apply({ sequence, at: start, writeId: 'w', state: newer }, longAgo);
    return cancellationsFor(beatOf('worker-1', 5, [listed(0, claim)]), index).length === 1;
  };
  const running = runningTask(of);

  test('a task that the index does not know, or only up to the claim, is not cancelled', () => {
    expect(isCancelled(undefined, 0)).toBe(false);
    expect(isCancelled(submitted(of), claim - 1)).toBe(false);
    expect(isCancelled(running, claim)).toBe(false);
  });

  test('a task that has ended, was requeued or runs elsewhere is cancelled', () => {
    expect(isCancelled(cancelled(running, start), claim + 1)).toBe(true);
    expect(isCancelled(requeued(running, 'RetryDue', 'counts', start), claim + 2)).toBe(true);
    expect(isCancelled({ ...running, worker: 'worker-2' }, claim + 2)).toBe(true);
    expect(isCancelled(newRun(failed(running, 'ProviderError', start), 'Retried', start), claim + 2)).toBe(true);
  });

  test('a task that was requeued as WorkerLost is not cancelled: its result can still be adopted', () => {
    expect(isCancelled(requeued(running, 'WorkerLost', 'lost', start), claim + 1)).toBe(false);
  });
});

describe('invariants', () => {
  const broken = (before: TaskState | undefined, after: TaskState) =>
    violatedBy({ before: before === undefined ? undefined : { state: before }, after: { state: after } });
  const running = runningTask(taskOf());
  const ended = succeeded(running, start);

  test('hold for all allowed transitions', () => {
    expect(broken(undefined, running)).toEqual([]);
    expect(broken(running, ended)).toEqual([]);
    expect(broken(failed(running, 'ProviderError', start), newRun(ended, 'Retried', start))).toEqual([]);
    // Another key may have the quota or the right.
    expect(broken(running, returned(running, 'QuotaUnavailable', start))).toEqual([]);
    expect(broken(running, returned(running, 'PermissionDenied', start))).toEqual([]);
  });

  test('violations are detected', () => {
    expect(broken(ended, running)).toEqual(['TerminalTaskChanged']);
    expect(broken(undefined, { ...running, attempt: 4 })).toEqual(['TooManyAttempts']);
    expect(broken(undefined, { ...running, attemptsLost: 4 })).toEqual(['TooManyLostAttempts']);
    expect(broken(running, requeued(running, 'PromptRefused', 'counts', start))).toEqual(['RetriedInVain']);
    expect(broken(running, waiting(running, 'QuotaUnavailable', start, start))).toEqual(['RetriedInVain']);
  });
});

describe('100,000 open tasks', () => {
  test('are not iterated for each message, heartbeat or due task', async () => {
    const { follower } = await stage.startController();
    const total = 500;
    for (let count = 0; count < 100_000; count += 1) {
      const job = `0000000000000000000000${String(Math.floor(count / total)).padStart(4, '0')}`;
      const due = count < 100 ? 2_000 + count : 60_000_000;
      stage.log.append(
        submitted(taskOf({ job, task: count % total, total, policy: { ...policy, queueTimeout: due } })),
      );
    }
    await settle();
    expect(follower.index.size.openTasks).toBe(100_000);
    const passes = vi.spyOn(follower.index, 'openTasks');
    await stage.clock.advance(2_200);
    expect(stage.log.tries).toHaveLength(100);
    for (let beat = 0; beat < 100; beat += 1) stage.heartbeats.hear(`worker-${beat}`);
    await settle();
    // Only the survey, and the watermark, which iterates over them at most twice.
    expect(passes.mock.calls.length).toBeLessThanOrEqual(3);
  }, 60_000);
});
