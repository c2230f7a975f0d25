// The contract of every job log for followers: each entry once, in order, without end, from any position.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FollowEvent, FollowFrom, JobLog, LogEntry, Position } from '../../src/ports/jobLog.ts';
import { memoryAdapter, natsAdapter, type LogInstallation } from './jobLogAdapters.ts';
import { claim, stored, submitOne, success, write } from '../support/steps.ts';
import { aJob } from '../fakes/tasks.ts';
import { until } from '../support/until.ts';

describe.each([memoryAdapter, natsAdapter()])('following ($name)', (adapter) => {
  let world: LogInstallation;
  beforeEach(async () => {
    world = await adapter.open();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it('delivers every past and future entry once and in order, and reports when it has caught up', async () => {
    const before = stored(await world.log.submit(aJob(300)));
    await using follower = follow(world.other.log);
    expect((await follower.caughtUp()).sequence).toBe(300);
    for (const spec of before.slice(0, 50)) {
      const running = await write(world.log, claim(spec), spec.sequence);
      await write(world.log, success(running), running.sequence);
    }
    await until(() => follower.sequences.length === 400, { what: 'all entries' });
    expect(follower.sequences).toEqual(range(1, 400));
    const last = follower.entries.at(-1)!;
    expect(last.state).toEqual((await world.log.last(last.state.of))?.state);
  });

  it('reports that it has caught up with an empty stream', async () => {
    await using follower = follow(world.log);
    expect((await follower.caughtUp()).sequence).toBe(0);
  });

  it('continues after a position without a gap or a repetition', async () => {
    stored(await world.log.submit(aJob(20)));
    const first = follow(world.log);
    const position = await first.caughtUp();
    await first[Symbol.asyncDispose]();
    stored(await world.log.submit(aJob(20)));
    await using second = follow(world.log, { from: 'position', position });
    await second.caughtUp();
    expect(second.sequences).toEqual(range(21, 40));
    expect(second.events.some(({ event }) => event === 'reset')).toBe(false);
  });

  it('resets for a position of another stream', async () => {
    stored(await world.log.submit(aJob(3)));
    await using follower = follow(world.log, { from: 'position', position: { epoch: 'another', sequence: 2 } });
    const { epoch } = await follower.caughtUp();
    expect(follower.events[0]).toEqual({ event: 'reset', epoch });
    expect(follower.sequences).toEqual([1, 2, 3]);
  });

  it('resets when the stream is replaced', async () => {
    stored(await world.log.submit(aJob(3)));
    await using follower = follow(world.log);
    const before = await follower.caughtUp();
    await world.replaceStream();
    stored(await world.log.submit(aJob(2)));
    await until(() => follower.sequences.length === 5, { what: 'the entries of the new stream' });
    const reset = follower.events.find(({ event }) => event === 'reset');
    expect(reset).not.toMatchObject({ epoch: before.epoch });
    expect(follower.sequences).toEqual([1, 2, 3, 1, 2]);
  });

  it('starts at the watermark, with the stragglers before it read one by one', async () => {
    const entries = stored(await world.log.submit(aJob(10)));
    const running = await write(world.log, claim(entries[3]!), entries[3]!.sequence);
    const { position } = await world.log.health();
    expect(await world.log.watermark()).toBeUndefined();
    const straggler = { pool: 'default', job: entries[2]!.state.of.job, task: 2 };
    // Far behind a window of messages that is always shown, the start is the watermark itself; here it is the beginning.
    const mark = { epoch: position.epoch, sequence: running.sequence, stragglers: [straggler] };
    await world.log.saveWatermark(mark);
    await until(async () => (await world.other.log.watermark())?.sequence === mark.sequence, { what: 'the watermark' });
    await using follower = follow(world.log);
    await follower.caughtUp();
    expect(follower.sequences).toEqual(range(1, 11));
  });

  it('skips purged messages, and counts skipped messages of a newer schema', async () => {
    stored(await world.log.submit(aJob(2)));
    await world.putNewer(aJob(1)[0]!);
    const spec = await submitOne(world.log);
    await using follower = follow(world.log);
    await follower.caughtUp();
    expect(follower.sequences).toEqual([1, 2, 4]);
    expect(spec.sequence).toBe(4);
    expect(world.skipped).toEqual(['newerSchema']);
    expect(follower.events).toContainEqual({ event: 'newer', sequence: 3 });
  });

  it('also reports a straggler whose last message has a newer schema', async () => {
    const newer = aJob(1)[0]!;
    await world.putNewer(newer);
    for (let count = 0; count < 10; count += 1) await submitOne(world.log);
    await using first = follow(world.log);
    const { epoch } = await first.caughtUp();
    const { pool, job, task } = newer.state.of;
    await world.log.saveWatermark({ epoch, sequence: 12, stragglers: [{ pool, job, task }] });
    await until(async () => (await world.other.log.watermark())?.sequence === 12, { what: 'the watermark' });
    await using follower = follow(world.log);
    await follower.caughtUp();
    expect(follower.events).toContainEqual({ event: 'newer', sequence: 1 });
  });

  it('ends when its signal aborts, and only then', async () => {
    const follower = follow(world.log);
    await follower.caughtUp();
    await follower[Symbol.asyncDispose]();
    expect(follower.ended).toBe(true);
  });
});

interface TestFollower extends AsyncDisposable {
  readonly events: readonly FollowEvent[];
  readonly entries: readonly LogEntry[];
  readonly sequences: readonly number[];
  readonly ended: boolean;
  caughtUp(): Promise<Position>;
}

function follow(log: JobLog, from: FollowFrom = { from: 'watermark' }): TestFollower {
  const stop = new AbortController();
  const events: FollowEvent[] = [];
  let ended = false;
  const running = (async () => {
    for await (const event of log.follow(from, stop.signal)) events.push(event);
    ended = true;
  })();
  const entries = (): LogEntry[] => events.flatMap((event) => (event.event === 'entry' ? [event.entry] : []));
  return {
    events,
    get entries() {
      return entries();
    },
    get sequences() {
      return entries().map(({ sequence }) => sequence);
    },
    get ended() {
      return ended;
    },
    caughtUp: () => {
      const isCaughtUp = (event: FollowEvent): event is FollowEvent & { event: 'caughtUp' } =>
        event.event === 'caughtUp';
      return until(() => events.find(isCaughtUp)?.position, { what: 'the follower to catch up' });
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);
