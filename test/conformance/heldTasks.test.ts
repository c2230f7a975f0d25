// Tasks that wait for others, in every log and queue: stored with their request, read like any other, delivered by no lane until
// they are released.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isHeld, type Held, type SpecWrite } from '../../src/job/task.ts';
import { extended, released, submittedHeld } from '../../src/job/transitions.ts';
import { aJob } from '../fakes/tasks.ts';
import { jobOf, stored } from '../support/steps.ts';
import { memoryAdapter, natsAdapter, type LogInstallation } from './jobLogAdapters.ts';

describe.each([memoryAdapter, natsAdapter()])('tasks that wait for others ($name)', (adapter) => {
  let world: LogInstallation;
  const stop = new AbortController();
  beforeEach(async () => {
    world = await adapter.open();
    await world.queue.ensurePool('default');
  });
  afterEach(() => world[Symbol.asyncDispose]());

  /** Task 0, and others that wait for it. */
  const chain = (total: number): SpecWrite[] => {
    const [first, ...others] = aJob(total);
    const held = others.map(({ state, detail }) => {
      const of = { ...state.of, after: [0] };
      return {
        state: submittedHeld(of, state.dueAt),
        detail: { ...detail, request: { ...detail.request, after: ['t0'] } },
      };
    });
    return [first!, ...held];
  };

  it('are stored, read, extended and released with their requests, and only then delivered', async () => {
    const specs = chain(3);
    const entries = stored(await world.log.submit(specs));
    const read = (await world.other.log.read(jobOf(specs)))!;
    expect(read.tasks.map(({ last }) => isHeld(last.state))).toEqual([false, true, true]);
    expect(read.tasks[1]).toMatchObject({ last: { state: specs[1]!.state }, request: { after: ['t0'] } });
    const [first, ...more] = await world.queue.claimable('default', 10, stop.signal);
    expect([first!.entry.state.of.task, more]).toEqual([0, []]);
    first!.ack();
    const held = entries[1]!.state as Held;
    const detail = { message: 'longer', request: specs[1]!.detail.request };
    const longer = await world.log.write({ state: extended(held, held.dueAt + 1_000), detail }, entries[1]!.sequence);
    if (longer.outcome !== 'written') throw new Error('refused');
    const release = { state: released(held, held.since), detail };
    expect((await world.log.write(release, entries[1]!.sequence)).outcome).toBe('refused');
    expect((await world.log.write(release, longer.entry.sequence)).outcome).toBe('written');
    const [delivered] = await world.queue.claimable('default', 10, stop.signal);
    expect(delivered!.entry).toMatchObject({
      state: { of: { task: 1, after: [0] }, reason: 'DependenciesMet' },
      detail,
    });
    delivered!.ack();
    const history = await world.log.history(jobOf(specs));
    expect(history.filter(({ state }) => state.of.task === 1).map(({ state }) => state.state)).toEqual([
      'waiting',
      'waiting',
      'queued',
    ]);
  });

  it('500 tasks are read whole, also once all have a held and a queued spec', async () => {
    const specs = chain(500);
    const entries = stored(await world.log.submit(specs));
    for (const { state, sequence } of entries.slice(1)) {
      const detail = { message: 'queued', request: specs[state.of.task]!.detail.request };
      await world.log.write({ state: released(state as Held, state.since), detail }, sequence);
    }
    const record = (await world.other.log.read(jobOf(specs)))!;
    expect(record.tasks.filter(({ last }) => last.state.state === 'queued')).toHaveLength(500);
    expect(await world.log.history(jobOf(specs))).toHaveLength(999);
  });
});
