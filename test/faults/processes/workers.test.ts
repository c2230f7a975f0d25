// A worker dies, freezes, hangs or runs out of memory while it runs tasks.

import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { audit, callsFor, story } from '../support/audit.ts';
import { withFaults } from '../support/faults.ts';
import { submitMany } from '../support/load.ts';
import { nameOf, startWorld } from '../support/world.ts';

const quickBeats = { GENWARDEN_HEARTBEAT_TIMEOUT: '1500ms' };

describe('a worker', () => {
  it('is killed while it runs five tasks: they run elsewhere', async () => {
    const world = await startWorld({ env: quickBeats, behaviour: { kind: 'image', bytes: 'small', latencyMs: 400 } });
    const jobs = await submitMany(world, { jobs: 4, tasks: 5 });
    await world.standin.waitFor(() => world.standin.inFlight() === 5, 20_000);
    world.first.worker.kill('SIGKILL');
    await world.start('worker');
    const audited = await audit(world, { fault: 'SIGKILL worker', jobs });
    const stories = audited.flatMap(({ tasks }) => tasks.map(story));
    expect(stories.filter((one) => one.includes('WorkerLost')).length).toBeGreaterThanOrEqual(1);
    expect(stories.every((one) => one.endsWith('succeeded'))).toBe(true);
  });

  it('is frozen while no other worker runs: its late result is adopted', async () => {
    const world = await startWorld({ env: quickBeats });
    const [job] = await submitMany(world, { prompt: 'frozen [standin: image small after 2s]' });
    await world.standin.waitFor((requests) => requests.length === 1, 20_000);
    world.first.worker.kill('SIGSTOP');
    await until(async () => (await world.client.get(job!)).state === 'queued', { what: 'the task to be queued again' });
    world.first.worker.kill('SIGCONT');
    const [audited] = await audit(world, { fault: 'SIGSTOP worker, alone', jobs: [job!] });
    expect(story(audited!.tasks[0]!)).toBe('queued:Submitted running queued:WorkerLost succeeded');
    expect(callsFor(world, 'frozen')).toHaveLength(1);
  });

  it('is frozen until another worker runs its task: its late result is refused', async () => {
    const world = await startWorld({ env: quickBeats });
    const [job] = await submitMany(world, { prompt: 'refused [standin: image small after 3s]' });
    await world.standin.waitFor((requests) => requests.length === 1, 20_000);
    const frozen = nameOf(world.first.worker);
    world.first.worker.kill('SIGSTOP');
    const other = await world.start('worker');
    await world.standin.waitFor((requests) => requests.length === 2, 20_000);
    await until(() => world.standin.requests[0]!.outcome === 'answered', { what: 'the answer to the frozen worker' });
    world.first.worker.kill('SIGCONT');
    const [audited] = await audit(world, { fault: 'SIGSTOP worker, replaced', jobs: [job!], mostPaidTwice: 1 });
    const entries = audited!.tasks[0]!;
    expect(story(entries)).toBe('queued:Submitted running queued:WorkerLost running succeeded');
    expect(entries.at(-1)!.state).toMatchObject({ worker: nameOf(other) });
    expect(entries[1]!.state).toMatchObject({ worker: frozen });
  });

  it('has a blocked event loop: it counts as lost, and its tasks are requeued', async () => {
    const world = await startWorld({ env: quickBeats, processes: ['controller', 'api'] });
    const blocked = await world.start('worker', withFaults({ block: 5_000 }));
    world.standin.script([{ kind: 'hang' }]);
    const [job] = await submitMany(world, {});
    await world.standin.waitFor((requests) => requests.length === 1, 20_000);
    blocked.kill('SIGUSR2');
    await blocked.waitForLine(/event loop is blocked/);
    await world.start('worker');
    const [audited] = await audit(world, { fault: 'blocked event loop', jobs: [job!] });
    const entries = audited!.tasks[0]!;
    expect(story(entries)).toBe('queued:Submitted running queued:WorkerLost running succeeded');
    // The cancellation reaches the worker as soon as its event loop runs again, and aborts the call.
    await world.standin.waitFor((requests) => requests[0]!.outcome === 'aborted', 10_000);
  });

  it('waits for a provider that hangs: the attempt ends in time, and the next one succeeds', async () => {
    const world = await startWorld();
    world.standin.script([{ kind: 'hang' }, { kind: 'stall' }]);
    const policy = { attemptTimeout: '1s', maxAttempts: 3 };
    const jobs = await submitMany(world, { jobs: 2, policy });
    const audited = await audit(world, { fault: 'provider hangs', jobs });
    const stories = audited.map(({ tasks }) => story(tasks[0]!));
    expect(stories).toEqual(Array(2).fill('queued:Submitted running waiting queued:RetryDue running succeeded'));
  });

  it('has calls that ignore their abort: it drains, exits to be replaced, and loses nothing', async () => {
    const world = await startWorld({ processes: ['controller', 'api'] });
    const leaking = await world.start('worker', { ...withFaults({ ignoreAbort: true }), GENWARDEN_CONCURRENCY: '2' });
    world.standin.script([{ kind: 'hang' }]);
    const jobs = await submitMany(world, { jobs: 3, policy: { attemptTimeout: '1s', maxAttempts: 3 } });
    expect(await leaking.exited).toEqual({ code: 1, signal: null });
    await world.start('worker');
    await audit(world, { fault: 'promise ignores abort', jobs });
  });

  it('runs out of memory because of one task: that task fails as a poison pill, the others succeed', async () => {
    const world = await startWorld({ env: quickBeats, processes: ['controller', 'api'] });
    const faults = withFaults({ hoard: 'too-large' });
    const victims = [await world.start('worker', faults)];
    const jobs = [
      ...(await submitMany(world, { prompt: 'too-large', policy: { maxLostAttempts: 2 } })),
      ...(await submitMany(world, { jobs: 3 })),
    ];
    expect((await victims[0]!.exited).signal).toBe('SIGABRT');
    victims.push(await world.start('worker', faults));
    expect((await victims[1]!.exited).signal).toBe('SIGABRT');
    await world.start('worker');
    const audited = await audit(world, { fault: 'worker out of memory', jobs, mostPaidTwice: 6 });
    const ends = audited.map(({ tasks }) => tasks[0]!.at(-1)!.state);
    expect(ends[0]).toMatchObject({ state: 'failed', reason: 'PoisonPill', attemptsLost: 2 });
    expect(ends.slice(1).map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });
});
