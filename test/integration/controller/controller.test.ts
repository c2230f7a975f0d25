// Two controllers on a real nats-server: the leader moves due and lost tasks, and the other one takes over when it stops.

import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import {
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsLeadership,
  natsPoolRegistry,
  natsTaskQueue,
} from '../../../src/adapters/nats/index.ts';
import { startController } from '../../../src/controller/controller.ts';
import { jobIdFrom } from '../../../src/job/ids.ts';
import type { PolicyRequest } from '../../../src/job/policy.ts';
import type { Queued } from '../../../src/job/task.ts';
import { claimed, submitted } from '../../../src/job/transitions.ts';
import type { JobLog } from '../../../src/ports/jobLog.ts';
import { startFollower } from '../../../src/readmodel/follower.ts';
import { createControllerMetrics } from '../../../src/telemetry/metrics.ts';
import { testLink } from '../../conformance/ports.ts';
import { aRequest, identity } from '../../fakes/tasks.ts';
import { startNatsServer } from '../../support/natsServer.ts';
import { until } from '../../support/until.ts';

const logger = pino({ level: 'silent' });
const retentionMs = 86_400_000;

async function world() {
  const server = await startNatsServer();
  onTestFinished(() => server.stop());
  const prefix = `t${randomBytes(4).toString('hex')}`;
  const log = await natsJobLog(await testLink(server.url, prefix), { retentionMs });
  const enter = async (name: string) => {
    const link = await testLink(server.url, prefix);
    const clock = await natsClock(link);
    const own = await natsJobLog(link, { retentionMs });
    const follower = startFollower({ log: own, clock, logger });
    const controller = startController({
      name,
      log: own,
      queue: natsTaskQueue(link),
      heartbeats: natsHeartbeats(link),
      leadership: await natsLeadership(link),
      pools: await natsPoolRegistry(link),
      clock,
      follower,
      metrics: createControllerMetrics(new Registry()),
      logger,
      heartbeatTimeoutMs: 1_000,
    });
    const close = async (): Promise<void> => {
      await controller.close();
      await follower.close();
    };
    onTestFinished(close);
    return { controller, follower, close };
  };
  return { server, log, enter };
}

async function submit(log: JobLog, policy: PolicyRequest): Promise<Queued> {
  const submittedAt = Date.now();
  const job = jobIdFrom(randomBytes(17));
  const state = submitted(identity({ job, submittedAt, expiresAt: submittedAt + retentionMs, policy }));
  await log.submit([{ state, detail: { message: 'Submitted', request: aRequest } }]);
  return state;
}

const stateOf = async (log: JobLog, { of }: Queued) => (await log.last({ pool: of.pool, job: of.job, task: 0 }))!.state;

test('due and lost tasks are moved before and after the leader stops', async () => {
  const { log, enter } = await world();
  const first = await enter('controller-1');
  await until(() => first.controller.leading(), { what: 'the first to lead' });
  const second = await enter('controller-2');
  await until(() => second.controller.ready().ready, { what: 'the second to be ready' });

  for (const stop of [first.close, second.close]) {
    const waiting = await submit(log, { queueTimeout: 300 });
    const running = await submit(log, {});
    const spec = (await log.last({ pool: 'default', job: running.of.job, task: 0 }))!;
    const claim = claimed(running, 'worker-that-never-beats', 1, Date.now());
    await log.write({ state: claim, detail: { message: 'Claimed' } }, spec.sequence);
    await until(async () => (await stateOf(log, waiting)).state === 'failed', { what: 'the queue timeout' });
    expect(await stateOf(log, waiting)).toMatchObject({ reason: 'QueueTimeout' });
    await until(async () => (await stateOf(log, running)).state === 'queued', { what: 'the lost task to be queued' });
    expect(await stateOf(log, running)).toMatchObject({ lane: 'again', reason: 'WorkerLost', attemptsLost: 1 });
    const history = await log.history(running.of.job);
    expect(history.map(({ state }) => state.state)).toEqual(['queued', 'running', 'queued']);
    expect(history.at(-1)!.detail.request).toEqual(aRequest);
    await stop();
  }
});

test('the leader saves a watermark from which a new follower sees every open task', async () => {
  const { log, enter } = await world();
  const open = await submit(log, {});
  const { controller, follower } = await enter('controller-1');
  await until(() => controller.leading(), { what: 'it to lead' });
  const mark = await until(() => log.watermark(), { what: 'a watermark' });
  const last = (await log.last({ pool: 'default', job: open.of.job, task: 0 }))!;
  expect(mark).toEqual({ epoch: follower.position().epoch, sequence: last.sequence, stragglers: [] });
  const other = await enter('controller-2');
  await until(() => other.follower.index.task(open.of.job, 0) !== undefined, { what: 'the other to see the task' });
});

test('a restarted server only causes a delay', async () => {
  const { server, log, enter } = await world();
  const { controller } = await enter('controller-1');
  await until(() => controller.leading(), { what: 'it to lead' });
  const due = await submit(log, { queueTimeout: 1_000 });
  server.kill('SIGKILL');
  await server.exited;
  await server.restart();
  await until(async () => (await stateOf(log, due)).state === 'failed', {
    what: 'the queue timeout',
    timeoutMs: 30_000,
  });
  expect((await log.history(due.of.job)).map(({ state }) => state.state)).toEqual(['queued', 'failed']);
});
