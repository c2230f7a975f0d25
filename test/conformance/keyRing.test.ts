// The contract of every key ring: limits, cool-downs and refused keys apply to all workers together.
import { expect, test } from 'vitest';
import { virtualClock, type VirtualClock } from '../fakes/clock.ts';
import { taskError, type TaskErrorCode } from '../../src/job/errors/index.ts';
import type {
  AcquiredKey as HeldKey,
  AcquiringKeyRing as KeyRing,
  KeyOutcome,
  KeySettings,
} from '../../src/ports/keyRing.ts';
import { until } from '../support/until.ts';
import { onEachAdapter, type Installation } from './ports.ts';

const key = (secret: string, limits: Partial<KeySettings> = {}): KeySettings => ({
  secret,
  requestsPerMinute: 1_000,
  maxInFlight: 1_000,
  ...limits,
});

const failed = (code: TaskErrorCode, retryAfter?: number): KeyOutcome => ({
  outcome: 'failed',
  error: taskError(code, 'as the test says', retryAfter === undefined ? {} : { retryAfter }),
});

const never = new AbortController().signal;

/** The rings of this many processes with the same keys. */
async function rings(installation: Installation, clock: VirtualClock, keys: KeySettings[], count = 2) {
  const processes = await Promise.all(Array.from({ length: count }, () => installation.process()));
  return Promise.all(processes.map((process) => process.keys(clock, { front: keys })));
}

/**
 * Advances the clock by a second at a time until the condition holds. The steps are `stepMs` of real time apart: an
 * answer from NATS that takes longer is seen a second late.
 */
async function advanceUntil(clock: VirtualClock, done: () => boolean, what: string, stepMs = 3): Promise<void> {
  await until(
    () => {
      if (!done()) clock.skip(1_000);
      return done();
    },
    { what, intervalMs: stepMs },
  );
}

async function onlyState(ring: KeyRing) {
  const states = await ring.state('front');
  expect(states).toHaveLength(1);
  return states[0]!;
}

onEachAdapter((open) => {
  test('a pool without keys is not limited', async () => {
    const ring = await (await open().process()).keys(virtualClock(), { front: [key('a')], quiet: [] });
    for (const pool of ['quiet', 'unknown']) {
      const held = await ring.acquire(pool, never);
      expect(held).toMatchObject({ secret: '', fingerprint: 'none' });
      held.release({ outcome: 'used' });
      expect(await ring.state(pool)).toEqual([]);
    }
  });

  test("all workers together never exceed the key's requests per minute", async () => {
    const clock = virtualClock();
    const [one, two] = await rings(open(), clock, [key('a', { requestsPerMinute: 6 })]);
    const times: number[] = [];
    const slot = async (ring: KeyRing): Promise<void> => {
      for (let call = 0; call < 5; call += 1) {
        const held = await ring.acquire('front', never);
        times.push(clock.now());
        held.release({ outcome: 'used' });
      }
    };
    const slots = [one!, two!].flatMap((ring) => [slot(ring), slot(ring)]);
    await advanceUntil(clock, () => times.length === 20, 'twenty requests', 25);
    await Promise.all(slots);
    times.sort((a, b) => a - b);
    // The seventh after any request is a minute later.
    for (let at = 0; at + 6 < times.length; at += 1) {
      expect(times[at + 6]! - times[at]!).toBeGreaterThanOrEqual(60_000);
    }
  });

  test('an unused key returns its request', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('a', { requestsPerMinute: 1 })], 1);
    for (let time = 0; time < 5; time += 1) (await ring!.acquire('front', never)).release({ outcome: 'unused' });
    (await ring!.acquire('front', never)).release({ outcome: 'used' });
    await until(async () => (await onlyState(ring!)).state === 'busy', { what: 'the minute to be used up' });
  });

  test('requests in flight are counted over all workers, and a release makes room', async () => {
    const [one, two] = await rings(open(), virtualClock(), [key('a', { maxInFlight: 2 })]);
    const held = [await one!.acquire('front', never), await two!.acquire('front', never)];
    let third: HeldKey | undefined;
    const waiting = one!.acquire('front', never).then((it) => (third = it));
    await until(async () => (await onlyState(two!)).inFlight === 2, { what: 'both to be counted' });
    expect(await onlyState(two!)).toMatchObject({ state: 'busy', inFlight: 2 });
    expect(third).toBeUndefined();
    held[1]!.release({ outcome: 'used' });
    held[1]!.release({ outcome: 'used' });
    (await waiting).release({ outcome: 'used' });
    held[0]!.release({ outcome: 'used' });
    await until(async () => (await onlyState(two!)).inFlight === 0, { what: 'all to be free again' });
  });

  test("a rate limit cools the key for every worker, for the provider's delay", async () => {
    const clock = virtualClock();
    const start = clock.now();
    const [one, two] = await rings(open(), clock, [key('a')]);
    (await one!.acquire('front', never)).release(failed('RateLimited', 17_000));
    await until(async () => (await onlyState(two!)).state === 'cooling', { what: 'the other to see it' });
    expect(await onlyState(two!)).toMatchObject({ cause: 'RateLimited', until: start + 17_000 });
    let usedAt: number | undefined;
    const next = two!.acquire('front', never).then((held) => {
      usedAt = clock.now();
      held.release({ outcome: 'used' });
    });
    await advanceUntil(clock, () => usedAt !== undefined, 'the key to be used again');
    await next;
    expect(usedAt).toBeGreaterThanOrEqual(start + 17_000);
  });

  test('without a delay from the provider the cool-down doubles until a success', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('a')], 1);
    const limited = async (): Promise<number> => {
      const held = await ring!.acquire('front', never);
      held.release(failed('RateLimited'));
      const state = await until(async () => (await onlyState(ring!)).until, { what: 'the key to cool' });
      const delay = state - clock.now();
      clock.skip(delay);
      return delay;
    };
    expect([await limited(), await limited(), await limited()]).toEqual([5_000, 10_000, 20_000]);
    (await ring!.acquire('front', never)).release({ outcome: 'used' });
    await until(async () => (await onlyState(ring!)).inFlight === 0, { what: 'the success to be noted' });
    expect(await limited()).toBe(5_000);
  });

  test('a used-up quota cools for an hour', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('a')], 1);
    (await ring!.acquire('front', never)).release(failed('QuotaExhausted'));
    await until(async () => (await onlyState(ring!)).state === 'cooling', { what: 'the key to cool' });
    expect((await onlyState(ring!)).until).toBe(clock.now() + 3_600_000);
  });

  test('a refused key is disabled for every worker; the other key is used', async () => {
    const [one, two] = await rings(open(), virtualClock(), [key('bad'), key('good')]);
    for (let tries = 0, refused = false; !refused && tries < 10; tries += 1) {
      const held = await one!.acquire('front', never);
      refused = held.secret === 'bad';
      held.release(refused ? failed('KeyRefused') : { outcome: 'used' });
      if (!refused) (await one!.acquire('front', never)).release({ outcome: 'used' });
    }
    const bad = await until(async () => (await two!.state('front')).find(({ state }) => state === 'refused'), {
      what: 'the refusal to reach the other worker',
    });
    expect(bad.cause).toBe('KeyRefused');
    for (let call = 0; call < 5; call += 1) expect((await two!.acquire('front', never)).secret).toBe('good');
  });

  test('other errors do not affect the key', async () => {
    const [ring] = await rings(open(), virtualClock(), [key('a')], 1);
    for (const code of ['PermissionDenied', 'ProviderUnavailable', 'PromptRefused'] as const) {
      (await ring!.acquire('front', never)).release(failed(code));
    }
    await until(async () => (await onlyState(ring!)).inFlight === 0, { what: 'the releases' });
    expect(await onlyState(ring!)).toMatchObject({ state: 'ready', cause: null });
  });

  test('an aborted wait rejects with the reason, and the others are served in order', async () => {
    const [ring] = await rings(open(), virtualClock(), [key('a', { maxInFlight: 1 })], 1);
    const first = await ring!.acquire('front', never);
    const impatient = new AbortController();
    const served: string[] = [];
    const wait = async (name: string, signal: AbortSignal): Promise<void> => {
      const held = await ring!.acquire('front', signal);
      served.push(name);
      held.release({ outcome: 'used' });
    };
    const leaving = wait('impatient', impatient.signal).catch((error: Error) => error.message);
    const staying = ['one', 'two', 'three'].map((name) => wait(name, never));
    impatient.abort(new Error('had enough'));
    expect(await leaving).toBe('had enough');
    await expect(ring!.acquire('front', impatient.signal)).rejects.toThrow('had enough');
    first.release({ outcome: 'used' });
    await Promise.all(staying);
    expect(served).toEqual(['one', 'two', 'three']);
  });

  test('a key granted to an aborted wait is returned unused', async () => {
    const [ring] = await rings(open(), virtualClock(), [key('a', { maxInFlight: 1, requestsPerMinute: 1 })], 1);
    for (let round = 0; round < 20; round += 1) {
      const leaving = new AbortController();
      const acquired = ring!.acquire('front', leaving.signal).then(
        (held) => held.release({ outcome: 'unused' }),
        () => undefined,
      );
      await new Promise<void>((resolve) => setImmediate(resolve));
      leaving.abort();
      await acquired;
    }
    // The clock stands still: what was not given back would never lapse.
    (await ring!.acquire('front', never)).release({ outcome: 'used' });
  });

  test('a process without secrets sees the state of all keys', async () => {
    const installation = open();
    const clock = virtualClock();
    const [ring] = await rings(installation, clock, [key('a', { requestsPerMinute: 60 }), key('b')], 1);
    const api = await (await installation.process()).keys(clock, {});
    const held = await ring!.acquire('front', never);
    const states = await until(
      async () => {
        const known = await api.state('front');
        return known.length === 2 && known.some(({ inFlight }) => inFlight === 1) && known;
      },
      { what: 'both keys and the hold to be seen' },
    );
    expect(states.map(({ requestsPerMinute }) => requestsPerMinute).toSorted((a, b) => a - b)).toEqual([60, 1_000]);
    expect(states.find(({ inFlight }) => inFlight === 1)!.fingerprint).toBe(held.fingerprint);
    held.release({ outcome: 'used' });
  });
});
