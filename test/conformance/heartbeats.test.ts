// The contract of every heartbeat transport: beats reach all observers, cancellations reach their worker only.
import { expect, test } from 'vitest';
import type { Beat, BeatEvent, Cancellation } from '../../src/ports/heartbeats.ts';
import { until } from '../support/until.ts';
import { onEachAdapter } from './ports.ts';

const beat = (worker: string, number = 1): Omit<Beat, 'connection'> => ({
  worker,
  pool: 'front',
  host: 'a-host',
  pid: 7,
  version: '0.1.0',
  startedAt: 1_700_000_000_000,
  number,
  tasks: [
    { job: 'a'.repeat(26), task: 3, claim: 0, progress: 0.5, waited: 1_200, usual: { p50: 8_000, p95: 14_000 } },
    { job: 'b'.repeat(26), task: 0, claim: 9, progress: 0, phase: { phase: 'references', read: 2, of: 14 } },
    { job: 'c'.repeat(26), task: 0, claim: 9, progress: 0.95, phase: { phase: 'result' } },
    { job: 'd'.repeat(26), task: 0, claim: 0, progress: 0, phase: { phase: 'memory', alone: false } },
  ],
  slots: { total: 4, busy: 1, leaked: 0 },
  eventLoopLag: 1.5,
  memory: 100_000_000,
  attemptMemory: { used: 1_000, limit: 2_000 },
  draining: false,
  standIn: true,
  storage: { place: 'disk', refuses: 'statuses', since: 1_700_000_000_000, words: 'no space left on device' },
});

const cancellation: Cancellation = { job: 'b'.repeat(26), task: 0, claim: 17, reason: 'Cancelled' };

/** Collects events until the signal aborts. */
function collect<T>(events: AsyncIterable<T>): { seen: T[]; ended: Promise<void> } {
  const seen: T[] = [];
  const ended = (async () => {
    for await (const event of events) seen.push(event);
  })();
  return { seen, ended };
}

const beatsOf = (events: readonly BeatEvent[]): Beat[] =>
  events.flatMap((event) => (event.event === 'beat' ? event.beat : []));

onEachAdapter((open) => {
  test('a beat reaches every observer, with the connection filled in', async () => {
    const installation = open();
    const [worker, one, two] = [
      (await installation.process()).heartbeats(),
      (await installation.process()).heartbeats(),
      (await installation.process()).heartbeats(),
    ];
    const stop = new AbortController();
    const watchers = [collect(one.watch(stop.signal)), collect(two.watch(stop.signal))];
    for (const { seen } of watchers) {
      await until(
        () => {
          worker.beat(beat('w-1'));
          return seen.length > 0;
        },
        { what: 'a beat to arrive' },
      );
      const { connection, ...rest } = beatsOf(seen)[0]!;
      expect(rest).toEqual(beat('w-1'));
      expect(connection.server).not.toBe('');
      expect(connection.client).toBeGreaterThan(0);
    }
    stop.abort();
    await Promise.all(watchers.map(({ ended }) => ended));
  });

  test('beats of one worker arrive in order', async () => {
    const heartbeats = (await open().process()).heartbeats();
    const stop = new AbortController();
    const { seen, ended } = collect(heartbeats.watch(stop.signal));
    for (let number = 1; number <= 50; number += 1) heartbeats.beat(beat('w-1', number));
    await until(() => seen.length === 50, { what: 'all beats' });
    expect(beatsOf(seen).map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    stop.abort();
    await ended;
  });

  test('a cancellation reaches its worker and no other', async () => {
    const installation = open();
    const [controller, worker] = [
      (await installation.process()).heartbeats(),
      (await installation.process()).heartbeats(),
    ];
    const stop = new AbortController();
    const mine = collect(worker.cancellations('w-1', stop.signal));
    const others = collect(worker.cancellations('w-2', stop.signal));
    await until(
      () => {
        controller.sendCancellation('w-1', cancellation);
        return mine.seen.length > 0;
      },
      { what: 'the cancellation' },
    );
    expect(mine.seen[0]).toEqual(cancellation);
    controller.sendCancellation('w-2', { ...cancellation, claim: 18 });
    await until(() => others.seen.length > 0, { what: 'the other cancellation' });
    expect(others.seen).toEqual([{ ...cancellation, claim: 18 }]);
    stop.abort();
    await Promise.all([mine.ended, others.ended]);
  });

  test('a watch with an aborted signal ends immediately', async () => {
    const heartbeats = (await open().process()).heartbeats();
    const { seen, ended } = collect(heartbeats.watch(AbortSignal.abort()));
    await ended;
    expect(seen).toEqual([]);
  });
});
