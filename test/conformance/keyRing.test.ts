// The contract of every key ring: limits, cool-downs and refused keys apply to all workers together.
import { expect, test } from 'vitest';
import { virtualClock, type VirtualClock } from '../fakes/clock.ts';
import type { HeldKey, KeyRing } from '../../src/ports/keyRing.ts';
import { until } from '../support/until.ts';
import {
  aCall,
  advanceUntil,
  blocked,
  blockSeen,
  called,
  failed,
  key,
  never,
  onlyState,
  reserved,
  rings,
  unblocked,
  unused,
  used,
} from './keyRings.ts';
import { onEachAdapter } from './ports.ts';

onEachAdapter((open) => {
  test('a pool that needs no keys is not limited; a pool that lacks its keys admits nothing', async () => {
    const ring = await (await open().process()).keys(virtualClock(), { front: [key('key-a')], bare: [] });
    const held = await ring.reserve('keyless', aCall());
    expect(held).toMatchObject({ secret: '', fingerprint: 'none', isProbe: false });
    if ('secret' in held) expect([await held.send(), await held.release(used)]).toEqual([true, { outage: false }]);
    expect(ring.block('keyless', 'painter', 'acme')).toBeUndefined();
    expect(await ring.reserve('bare', aCall())).toMatchObject({ reason: 'NoKeys', until: null, permanent: false });
    for (const pool of ['keyless', 'bare']) expect(await ring.state(pool)).toEqual([]);
  });

  test('a key that lacked at the start admits calls once it is there', async () => {
    const ring = await (await open().process()).keys(virtualClock(), { front: [] });
    const room = ring.untilRoom('front', ['painter'], never);
    expect(await blocked(ring)).toMatchObject({ reason: 'NoKeys' });
    await ring.replaceKeys('front', [key('key-a')]);
    expect(await room).toBe(1_000);
    expect((await reserved(ring)).secret).toBe('key-a');
  });

  test("all workers together never exceed the key's requests per minute, by when they send", async () => {
    const clock = virtualClock();
    const both = await rings(open(), clock, [key('key-a', { requestsPerMinute: 6 })]);
    const times: number[] = [];
    const slots = both.flatMap((ring) => [slot(ring, clock, times), slot(ring, clock, times)]);
    await advanceUntil(clock, () => times.length === 20, 'twenty requests', 25);
    await Promise.all(slots);
    times.sort((a, b) => a - b);
    // The seventh after any request is a minute later.
    for (let at = 0; at + 6 < times.length; at += 1) {
      expect(times[at + 6]! - times[at]!).toBeGreaterThanOrEqual(60_000);
    }
  });

  test('an unused reservation returns its request', async () => {
    const [ring] = await rings(open(), virtualClock(), [key('key-a', { requestsPerMinute: 1 })], { count: 1 });
    for (let time = 0; time < 5; time += 1) await (await reserved(ring!)).release(unused);
    await called(ring!, used);
    expect((await onlyState(ring!)).state).toBe('busy');
    expect(await blocked(ring!)).toMatchObject({ reason: 'RateLimit', code: 'QueueTimeout', permanent: false });
  });

  test('a request counts from when it is sent, and until then however old its reservation is', async () => {
    const clock = virtualClock();
    const [one, two] = await rings(open(), clock, [key('key-a', { requestsPerMinute: 1 })]);
    const held = await reserved(one!);
    await blockSeen(two!);
    await advanceHeld(clock, [one!, two!], 200);
    expect(await blocked(two!)).toMatchObject({ reason: 'RateLimit' });
    const sentAt = clock.now();
    expect(await held.send()).toBe(true);
    await held.release(used);
    await until(async () => (await onlyState(two!)).inFlight === 0, { what: 'the release' });
    const { until: freeAt } = await blocked(two!);
    expect(freeAt).toBeGreaterThanOrEqual(sentAt + 60_000);
    expect(freeAt).toBeLessThanOrEqual(sentAt + 64_000);
    clock.skip(freeAt! - clock.now());
    await called(two!, used);
  });

  test('a second request with the same key is counted, and refused at the limit', async () => {
    const [one, two] = await rings(open(), virtualClock(), [key('key-a', { requestsPerMinute: 3 })]);
    const held = await reserved(one!);
    expect([await held.send(), await held.sendAgain()]).toEqual([true, true]);
    await until(() => two!.block('front', 'painter', 'acme') === undefined, { what: 'room for the third' });
    await called(two!, used);
    expect(await held.sendAgain()).toBe(false);
    await held.release(used);
    expect(await blocked(one!)).toMatchObject({ reason: 'RateLimit' });
  });

  test('requests in flight are counted over all workers, and a release makes room', async () => {
    const [one, two] = await rings(open(), virtualClock(), [key('key-a', { maxInFlight: 2 })]);
    const held = [await reserved(one!), await reserved(two!)];
    await until(async () => (await onlyState(two!)).inFlight === 2, { what: 'both to be counted' });
    expect(await onlyState(two!)).toMatchObject({ state: 'busy', inFlight: 2 });
    expect(await blocked(one!)).toMatchObject({ reason: 'RateLimit' });
    const room = one!.untilRoom('front', ['painter'], never);
    await held[1]!.release(used);
    await held[1]!.release(used);
    expect(await room).toBe(1);
    await called(one!, used);
    await held[0]!.release(used);
    await until(async () => (await onlyState(two!)).inFlight === 0, { what: 'all to be free again' });
  });

  test('many reservations at once get no more than there is', async () => {
    const both = await rings(open(), virtualClock(), [
      key('key-a', { requestsPerMinute: 7 }),
      key('key-b', { maxInFlight: 4 }),
    ]);
    const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => both[at % 2]!.reserve('front', aCall())));
    const held = answers.filter((answer) => 'secret' in answer);
    expect(held.filter(({ secret }) => secret === 'key-a')).toHaveLength(7);
    expect(held.filter(({ secret }) => secret === 'key-b')).toHaveLength(4);
    await Promise.all(held.map((one) => one.release(unused)));
    await unblocked(both[0]!);
  });

  test('the wait for room ends with the signal, and tells how much room there is', async () => {
    const [ring] = await rings(open(), virtualClock(), [
      key('key-a', { maxInFlight: 2 }),
      key('key-b', { maxInFlight: 3 }),
    ]);
    expect(await ring!.untilRoom('front', ['painter'], never)).toBe(5);
    const held: HeldKey[] = [];
    for (let call = 0; call < 5; call += 1) held.push(await reserved(ring!));
    const leaving = new AbortController();
    const room = ring!.untilRoom('front', ['painter'], leaving.signal);
    leaving.abort(new Error('had enough'));
    await expect(room).rejects.toThrow('had enough');
    await expect(ring!.untilRoom('front', ['painter'], leaving.signal)).rejects.toThrow('had enough');
  });

  test('a process without secrets sees the state of all keys, and every block', async () => {
    const installation = open();
    const clock = virtualClock();
    const [ring] = await rings(installation, clock, [key('key-a', { requestsPerMinute: 60 }), key('key-b')], {
      count: 1,
    });
    const api = await (await installation.process()).keys(clock, {});
    const held = await reserved(ring!);
    const states = await until(
      async () => {
        const known = await api.state('front');
        return known.length === 2 && known.some(({ inFlight }) => inFlight === 1) && known;
      },
      { what: 'both keys and the hold to be seen' },
    );
    expect(states.map(({ requestsPerMinute }) => requestsPerMinute).toSorted((a, b) => a - b)).toEqual([60, 1_000]);
    expect(states.find(({ inFlight }) => inFlight === 1)!.fingerprint).toBe(held.fingerprint);
    await held.release(failed('RateLimited', { retryAfter: 30_000 }));
    expect(api.block('front', 'painter', 'acme')).toBeUndefined();
    await called(ring!, failed('RateLimited', { retryAfter: 20_000 }));
    expect(await blockSeen(api)).toMatchObject({ reason: 'KeysCooling', until: clock.now() + 20_000 });
  });

  test('a listener hears of changes until its signal aborts', async () => {
    const [one, two] = await rings(open(), virtualClock(), [key('key-a')]);
    const heard: string[] = [];
    const leaving = new AbortController();
    two!.onChange((pool) => heard.push(pool), leaving.signal);
    await called(one!, used);
    await until(() => heard.length > 0, { what: 'the change' });
    leaving.abort();
    await until(async () => (await onlyState(two!)).inFlight === 0, { what: 'the release' });
    const before = heard.length;
    await called(one!, failed('RateLimited'));
    await blockSeen(two!);
    expect(heard).toHaveLength(before);
    expect(new Set(heard)).toEqual(new Set(['front']));
  });
});

async function slot(ring: KeyRing, clock: VirtualClock, times: number[]): Promise<void> {
  for (let call = 0; call < 5;) {
    await ring.untilRoom('front', ['painter'], never);
    const held = await ring.reserve('front', aCall());
    if (!('secret' in held)) continue;
    if (await held.send()) {
      times.push(clock.now());
      call += 1;
      await held.release(used);
    } else await held.release(unused);
  }
}

/** Lets time pass for rings that hold calls, with a renewal every ten seconds. */
async function advanceHeld(clock: VirtualClock, all: readonly { renewHolds(): Promise<void> }[], seconds: number) {
  for (let passed = 0; passed < seconds; passed += 10) {
    clock.skip(10_000);
    for (const ring of all) await ring.renewHolds();
  }
}
