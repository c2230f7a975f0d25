// The NATS server's time: this process's monotonic clock, anchored by the `ts` of JetStream's answers. A wrong or jumping wall
// clock of this machine has no effect.

import { monotonicFrom } from '../../../job/time.ts';
import { sleep, sleepUntil } from '../../../async/sleep.ts';
import type { Clock } from '../../../ports/clock.ts';
import { streamInfo } from '../jetstream/api.ts';
import { once, retryDelay } from '../jetstream/retry.ts';
import { openBucket } from '../kv/bucket.ts';
import type { NatsLink } from '../link/connection.ts';
import { mostExact, withSample, type Sample } from './samples.ts';

export interface ClockOptions {
  /** Time between two samples of the server's time, ms; 5,000 by default. */
  readonly everyMs?: number;
}

/**
 * Resolves with the first sample of the server's time, however long JetStream takes to answer: on a machine whose clock is
 * wrong, an earlier claim would get a wrong due time.
 */
export async function natsClock(link: NatsLink, { everyMs = 5_000 }: ClockOptions = {}): Promise<Clock> {
  await openBucket(link, 'pools');
  let samples: readonly Sample[] = [];
  let anchor = Date.now() - performance.now();
  const refresh = async (): Promise<void> => {
    samples = withSample(samples, await takeSample(link));
    anchor = mostExact(samples).anchor;
  };
  const stop = link.onStatus((status) => status === 'reconnected' && void refresh().catch(() => undefined));
  link.closing.addEventListener('abort', stop, { once: true });
  await firstSample(refresh, link.closing);
  void refreshEvery(everyMs, refresh, link.closing);
  return clockOf(() => anchor + performance.now());
}

/** A clock that shows what `serverTime` returns, ms. */
function clockOf(serverTime: () => number): Clock {
  const now = (): number => Math.floor(serverTime());
  return {
    now,
    offset: () => now() - Date.now(),
    monotonic: () => monotonicFrom(performance.now()),
    sleep: (until, signal) => sleepUntil(until, serverTime, signal),
  };
}

async function firstSample(refresh: () => Promise<void>, closing: AbortSignal): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await refresh();
    } catch (error) {
      if (closing.aborted) throw error;
      await sleep(retryDelay(failures), closing);
    }
  }
}

async function refreshEvery(everyMs: number, refresh: () => Promise<void>, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    await sleep(everyMs, closing);
    if (!closing.aborted) await refresh().catch(() => undefined);
  }
}

/** One request and its answer: the server read its clock between the two, on average half-way. */
async function takeSample(link: NatsLink): Promise<Sample> {
  const asked = performance.now();
  const { ts } = await link.whileConnected(() => streamInfo(link, `KV_${link.prefix}_pools`, once));
  const answered = performance.now();
  const serverTime = Date.parse(String(ts));
  if (Number.isNaN(serverTime)) throw new TypeError('the answer has no time');
  return { anchor: serverTime - (asked + answered) / 2, roundTrip: answered - asked };
}
