// The NATS server's time: this process's monotonic clock, anchored by the `ts` of JetStream's answers, so that neither a
// wrong nor a jumping wall clock of this machine matters.

import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../ports/clock.ts';
import { openBucket } from '../kv/bucket.ts';
import { mostExact, withSample, type Sample } from './samples.ts';
import type { NatsLink } from '../link/connection.ts';

export interface ClockOptions {
  /** Between two looks at the server's time, ms; default 5,000. */
  readonly everyMs?: number;
}

const sleepSlice = 1_000;

/**
 * Resolves with the first look at the server's time, however long JetStream takes to answer: on a machine whose clock is
 * wrong, a claim made before would be due at a wrong moment.
 */
export async function natsClock(link: NatsLink, { everyMs = 5_000 }: ClockOptions = {}): Promise<Clock> {
  await openBucket(link, 'pools');
  let samples: readonly Sample[] = [];
  let anchor = Date.now() - performance.now();
  const look = async (): Promise<void> => {
    samples = withSample(samples, await sample(link));
    anchor = mostExact(samples).anchor;
  };
  const stop = link.onStatus((status) => status === 'reconnected' && void look().catch(() => undefined));
  link.closing.addEventListener('abort', stop, { once: true });
  await firstLook(look, link.closing);
  void lookEvery(everyMs, look, link.closing);
  return clockOf(() => anchor + performance.now());
}

/** A clock that shows what `serverTime` returns, ms. */
function clockOf(serverTime: () => number): Clock {
  const now = (): number => Math.floor(serverTime());
  return {
    now,
    offset: () => now() - Date.now(),
    monotonic: () => performance.now(),
    sleep: async (until, signal) => {
      for (;;) {
        signal?.throwIfAborted();
        const left = until - serverTime();
        if (left <= 0) return;
        // In slices, as the offset may change in between; a timer may also fire a moment early.
        await pause(Math.min(left, sleepSlice), undefined, signal === undefined ? {} : { signal }).catch(() =>
          signal?.throwIfAborted(),
        );
      }
    },
  };
}

async function firstLook(look: () => Promise<void>, closing: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (closing.aborted) throw error;
      await pause(250);
    }
  }
}

async function lookEvery(everyMs: number, look: () => Promise<void>, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    await pause(everyMs, undefined, { signal: closing, ref: false }).catch(() => undefined);
    if (!closing.aborted) await look().catch(() => undefined);
  }
}

/** One question and its answer: the server read its clock between the two, at a guess half-way. */
async function sample(link: NatsLink): Promise<Sample> {
  const asked = performance.now();
  const { ts } = await link.whileConnected(() => askForTime(link));
  const answered = performance.now();
  return { anchor: Date.parse(ts) - (asked + answered) / 2, roundTrip: answered - asked };
}

async function askForTime(link: NatsLink): Promise<{ ts: string }> {
  const subject = `$JS.API.STREAM.INFO.KV_${link.prefix}_pools`;
  const answer = await link.connection.request(subject, '', { timeout: 2_000 });
  const { ts } = answer.json<{ ts?: unknown }>();
  if (typeof ts !== 'string' || Number.isNaN(Date.parse(ts))) throw new TypeError('the answer names no time');
  return { ts };
}
