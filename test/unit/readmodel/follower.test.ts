import { monotonicFrom } from '../../../src/job/time.ts';
import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { FollowEvent, JobLog } from '../../../src/ports/jobLog.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { startFollower, type Follower } from '../../../src/readmodel/follower.ts';
import { anEntry, queuedTask, start } from '../../fakes/tasks.ts';

/** A log with a `follow` that yields the test's events. */
function fedLog(): { log: JobLog; feed: (event: FollowEvent) => void } {
  const pending: FollowEvent[] = [];
  let wake = (): void => {};
  async function* follow(_from: unknown, signal: AbortSignal): AsyncGenerator<FollowEvent> {
    signal.addEventListener('abort', () => wake(), { once: true });
    while (!signal.aborted) {
      const next = pending.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const feed = (event: FollowEvent): void => {
    pending.push(event);
    wake();
  };
  return { log: { follow } as unknown as JobLog, feed };
}

const still: Clock = {
  now: () => start,
  offset: () => 0,
  monotonic: () => monotonicFrom(1000),
  sleep: () => Promise.resolve(),
};

describe('Follower', () => {
  let follower: Follower;
  afterEach(() => follower.close());

  const follow = (): ((event: FollowEvent) => void) => {
    const { log, feed } = fedLog();
    follower = startFollower({ log, clock: still, logger: pino({ enabled: false }) });
    return feed;
  };

  it('is ready once caught up, and not while it lags', async () => {
    const feed = follow();
    expect(follower.ready().ready).toBe(false);
    feed({ event: 'caughtUp', position: { epoch: 'e', sequence: 9 } });
    expect(await follower.waitFor(9, 5000)).toBe(true);
    expect(follower.ready()).toEqual({ ready: true, reason: '' });
    feed({ event: 'lagging', reason: 'NATS is away' });
    feed({ event: 'entry', entry: anEntry(10, queuedTask()) });
    await follower.waitFor(10, 5000);
    expect(follower.ready()).toEqual({ ready: false, reason: 'NATS is away' });
  });

  it('resolves waits for a sequence: true when it is reached, false when the signal aborts', async () => {
    const feed = follow();
    const there = follower.waitFor(3, 5000);
    const stop = new AbortController();
    const given = follower.waitFor(99, 5000, stop.signal);
    feed({ event: 'entry', entry: anEntry(3, queuedTask()) });
    stop.abort();
    expect([await there, await given]).toEqual([true, false]);
  });

  it('reports each change once, own writes immediately, and a replaced stream', async () => {
    const feed = follow();
    const heard: number[] = [];
    let resets = 0;
    follower.onChange(({ entry }) => heard.push(entry.sequence));
    follower.onReset(() => (resets += 1));
    const own = anEntry(1, queuedTask());
    follower.applyOwn(own);
    feed({ event: 'entry', entry: own });
    feed({ event: 'entry', entry: anEntry(2, queuedTask()) });
    await follower.waitFor(2, 5000);
    expect(heard).toEqual([1, 2]);
    feed({ event: 'reset', epoch: 'other' });
    feed({ event: 'caughtUp', position: { epoch: 'other', sequence: 5 } });
    await follower.waitFor(5, 5000);
    expect(resets).toBe(1);
    expect(follower.index.size.jobs).toBe(0);
    expect(follower.position()).toEqual({ epoch: 'other', sequence: 5 });
  });

  it('ignores jobs past their retention', async () => {
    const feed = follow();
    feed({ event: 'entry', entry: anEntry(1, queuedTask({ expiresAt: start })) });
    await follower.waitFor(1, 5000);
    expect(follower.index.size.jobs).toBe(0);
  });
});
