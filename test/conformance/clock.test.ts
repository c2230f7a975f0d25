// The contract of every clock: it advances, sleeps until a time, and wakes up for a signal.

import { elapsed } from '../../src/job/time.ts';
import { expect, test, describe, beforeAll, afterAll } from 'vitest';
import { systemClock, virtualClock } from '../fakes/clock.ts';
import { natsClock } from '../../src/adapters/nats/index.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { startNatsServer, type NatsServer } from '../support/natsServer.ts';
import { testLink } from './ports.ts';

describe('of this machine', () => {
  suite(() => Promise.resolve(systemClock()));
});

describe('on NATS', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());
  suite(async () => natsClock(await testLink(server.url, 'clock')));
});

describe('virtual', () => {
  suite(() => {
    const clock = virtualClock();
    const timer = setInterval(() => clock.skip(5), 5);
    timer.unref();
    return Promise.resolve(clock);
  });
});

function suite(open: () => Promise<Clock>): void {
  test('sleeps until the given time, never less', async () => {
    const clock = await open();
    const [start, from] = [clock.now(), clock.monotonic()];
    await clock.sleep(start + 60);
    expect(clock.now()).toBeGreaterThanOrEqual(start + 60);
    expect(elapsed(from, clock.monotonic())).toBeGreaterThan(0);
  });

  test('does not sleep for a time in the past', async () => {
    const clock = await open();
    await clock.sleep(clock.now() - 1);
    await clock.sleep(0);
  });

  test("wakes up with the signal's reason", async () => {
    const clock = await open();
    const stop = new AbortController();
    const sleeping = clock.sleep(clock.now() + 3_600_000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(clock.sleep(clock.now() + 1_000, stop.signal)).rejects.toThrow('enough');
  });

  test('shows whole milliseconds', async () => {
    const clock = await open();
    expect(Number.isInteger(clock.now())).toBe(true);
  });
}
