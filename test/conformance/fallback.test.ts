// The contract for tasks that fall back to another pool: its workers get them, writers still win one race, and readers find
// every spec of the job.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Running, TaskWrite } from '../../src/job/task.ts';
import { claimed, fellBack, requeued, submitted } from '../../src/job/transitions.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import { memoryAdapter, natsAdapter, type LogInstallation } from './jobLogAdapters.ts';
import { claim, stored, write } from '../support/steps.ts';
import { aJob, aRequest, start } from '../fakes/tasks.ts';

const fallback = [
  { pool: 'default', model: 'spare' },
  { pool: 'backup', model: 'other' },
  { pool: 'third', model: 'last' },
];

function aJobWithFallbacks(total: number) {
  return aJob(total).map(({ state, detail }) => {
    const policy = { ...state.of.policy, fallback };
    return { state: submitted({ ...state.of, policy }), detail };
  });
}

const respec = (state: ReturnType<typeof fellBack>): TaskWrite => ({
  state,
  detail: { message: 'Fell back', request: aRequest },
});

describe.each([memoryAdapter, natsAdapter()])('fallbacks ($name)', (adapter) => {
  let world: LogInstallation;
  const stop = new AbortController();
  beforeEach(async () => {
    world = await adapter.open();
    for (const pool of ['default', 'backup', 'third']) await world.queue.ensurePool(pool);
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
  });

  const fallBackTo = (entry: LogEntry, target: number): Promise<LogEntry> =>
    write(world.log, respec(fellBack(entry.state as Running, target, start)), entry.sequence);

  it('delivers the task to the workers of the other pool, and to no others', async () => {
    const [spec] = stored(await world.log.submit(aJobWithFallbacks(1)));
    const running = await write(world.log, claim(spec!), spec!.sequence);
    const moved = await fallBackTo(running, 2);
    expect(moved.state).toMatchObject({ lane: 'guest', target: 2 });
    const [own] = await world.queue.claimable('default', 1, stop.signal);
    expect(own!.entry.sequence).toBe(spec!.sequence);
    own!.ack();
    expect(await world.queue.depth('backup')).toMatchObject({ lanes: { guest: 1 } });
    expect(await world.queue.depth('third')).toMatchObject({ lanes: { guest: 0 } });
    const [delivery] = await world.queue.claimable('backup', 5, stop.signal);
    expect(delivery!.entry).toMatchObject({ sequence: moved.sequence, state: { of: { pool: 'default' }, target: 2 } });
    delivery!.ack();
    await expect
      .poll(async () => (await world.queue.ackFloors('backup'))({ lane: 'guest' }))
      .toBeGreaterThanOrEqual(moved.sequence);
  });

  it('a fallback within the pool stays in its lanes', async () => {
    const [spec] = stored(await world.log.submit(aJobWithFallbacks(1)));
    const running = await write(world.log, claim(spec!), spec!.sequence);
    (await world.queue.claimable('default', 1, stop.signal))[0]!.ack();
    const moved = await fallBackTo(running, 1);
    expect(moved.state).toMatchObject({ lane: 'normal', target: 1 });
    const [delivery] = await world.queue.claimable('default', 1, stop.signal);
    expect(delivery!.entry.sequence).toBe(moved.sequence);
  });

  it('writers of both pools race for one chain', async () => {
    const [spec] = stored(await world.log.submit(aJobWithFallbacks(1)));
    const running = await write(world.log, claim(spec!), spec!.sequence);
    const moved = await fallBackTo(running, 2);
    const late = {
      state: requeued(running.state as Running, 'WorkerLost', 'lost', start),
      detail: respec(moved.state as never).detail,
    };
    expect(await world.log.write(late as TaskWrite, running.sequence)).toMatchObject({
      outcome: 'refused',
      last: { sequence: moved.sequence },
    });
    const again = claimed(moved.state as never, 'worker-of-backup', 1, start);
    await write(world.log, { state: again, detail: { message: 'Claimed' } }, moved.sequence);
    expect((await world.log.history(spec!.state.of.job)).map(({ state }) => [state.state, state.target ?? 0])).toEqual([
      ['queued', 0],
      ['running', 0],
      ['queued', 2],
      ['running', 2],
    ]);
  });

  it('reads a job of 500 tasks with more specs than NATS returns at once', async () => {
    const specs = stored(await world.log.submit(aJobWithFallbacks(500)));
    const moved = await Promise.all(
      specs.map(async (spec) => {
        const running = await write(world.log, claim(spec), spec.sequence);
        const lost = requeued(running.state as Running, 'WorkerLost', 'lost', start);
        const back = await write(
          world.log,
          { state: lost, detail: { message: 'Lost', request: aRequest } },
          running.sequence,
        );
        return write(world.log, respec(fellBack(lost, 2, start)), back.sequence);
      }),
    );
    const record = await world.log.read(specs[0]!.state.of.job);
    expect(record?.tasks.map(({ last }) => last.sequence)).toEqual(moved.map(({ sequence }) => sequence));
    expect(record?.tasks.every(({ request }) => request.digest === aRequest.digest)).toBe(true);
  });
});
