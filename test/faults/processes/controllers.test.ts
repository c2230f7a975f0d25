// Controllers die, freeze or are missing; a pool has no worker.

import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { audit, story } from '../support/audit.ts';
import { submitMany } from '../support/load.ts';
import { nameOf, startWorld } from '../support/world.ts';

// The first attempt times out, later than a loaded machine takes for the second, and the task waits for its retry. An error of the
// provider would keep other tasks in the queue.
const flaky = { prompt: '[standin: hang x1]', policy: { attemptTimeout: '4s' } };
const leading = /"Became leader"/;

describe('controllers', () => {
  it('one of two is killed while tasks wait for their retry: the other takes over', async () => {
    const world = await startWorld();
    await world.first.controller.waitForLine(leading);
    const other = await world.start('controller');
    const jobs = await submitMany(world, { jobs: 4, tasks: 5, ...flaky });
    await world.standin.waitFor((requests) => requests.length >= 5, 20_000);
    world.first.controller.kill('SIGKILL');
    await other.waitForLine(leading, 30_000);
    const audited = await audit(world, { fault: 'controller SIGKILL, another one there', jobs, graceMs: 15_000 });
    expect(audited.flatMap(({ tasks }) => tasks).every((one) => story(one).includes('RetryDue'))).toBe(true);
  });

  it('one of two is frozen, and writes nothing wrong when it thaws', async () => {
    const world = await startWorld();
    await world.first.controller.waitForLine(leading);
    const other = await world.start('controller');
    const jobs = await submitMany(world, { jobs: 2, tasks: 5, ...flaky });
    world.first.controller.kill('SIGSTOP');
    await other.waitForLine(leading, 30_000);
    world.first.controller.kill('SIGCONT');
    jobs.push(...(await submitMany(world, { jobs: 2, tasks: 5, ...flaky })));
    await audit(world, { fault: 'two controllers, the leader frozen', jobs, graceMs: 15_000 });
  });

  it('no controller runs for a while: tasks that need none continue, the others continue when one is back', async () => {
    const world = await startWorld();
    const plain = await submitMany(world, { jobs: 2 });
    await Promise.all(plain.map((job) => world.client.wait(job)));
    world.first.controller.kill('SIGKILL');
    await world.first.controller.exited;
    plain.push(...(await submitMany(world, { jobs: 2, tasks: 5 })));
    const waiting = await submitMany(world, { ...flaky });
    await Promise.all(plain.map((job) => world.client.wait(job)));
    await until(async () => (await world.client.get(waiting[0]!)).state === 'waiting', { what: 'a task in backoff' });
    await world.start('controller');
    await audit(world, { fault: 'no controller for a while', jobs: [...plain, ...waiting] });
  });

  it('a worker dies while no controller runs: the next controller moves its task', async () => {
    const world = await startWorld({ env: { GENWARDEN_HEARTBEAT_TIMEOUT: '1500ms' } });
    world.standin.script([{ kind: 'hang' }]);
    const jobs = await submitMany(world, {});
    await world.standin.waitFor((requests) => requests.length === 1, 20_000);
    world.first.controller.kill('SIGKILL');
    world.first.worker.kill('SIGKILL');
    await Promise.all([world.first.controller.exited, world.first.worker.exited]);
    await Promise.all([world.start('controller'), world.start('worker')]);
    const [audited] = await audit(world, { fault: 'worker and controller SIGKILL', jobs });
    expect(story(audited!.tasks[0]!)).toBe('queued:Submitted running queued:WorkerLost running succeeded');
  });
});

describe('no worker', () => {
  it('for a while: tasks stay queued, those with a short queue timeout fail in time, the others run later', async () => {
    const world = await startWorld();
    world.first.worker.kill('SIGTERM');
    await world.first.worker.exited;
    const patient = await submitMany(world, { jobs: 3, tasks: 4 });
    const hurried = await submitMany(world, { policy: { queueTimeout: '2s' } });
    expect(await world.client.wait(hurried[0]!)).toMatchObject({
      state: 'failed',
      tasks: [{ reason: 'QueueTimeout' }],
    });
    const late = await world.start('worker');
    const audited = await audit(world, { fault: 'zero workers for a while', jobs: [...patient, ...hurried] });
    const served = audited.filter(({ job }) => patient.includes(job)).flatMap(({ tasks }) => tasks);
    for (const task of served) expect(task.at(-1)!.state).toMatchObject({ state: 'succeeded', worker: nameOf(late) });
  });
});
