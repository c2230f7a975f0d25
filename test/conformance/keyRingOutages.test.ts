// The contract of every key ring about a provider that is out: when calls stop, who probes and when, and which failures belong
// to the outage.
import { expect, test } from 'vitest';
import { virtualClock, type VirtualClock } from '../fakes/clock.ts';
import type { KeyRing } from '../../src/ports/keyRing.ts';
import { until } from '../support/until.ts';
import {
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

const unavailable = failed('ProviderUnavailable', { provider: { status: 503, code: 'UNAVAILABLE' } });
const internal = failed('ProviderError', { provider: { status: 500 } });

/** Makes the next probe when it is due, and returns how long that took. */
async function probed(ring: KeyRing, clock: VirtualClock, task: string, outcome = unavailable): Promise<number> {
  const from = clock.now();
  const { until: due } = await blockSeen(ring);
  clock.skip(Math.max(0, due! - clock.now()));
  const probe = await reserved(ring, { task });
  expect(probe.isProbe).toBe(true);
  expect(await probe.send()).toBe(true);
  expect(await probe.release(outcome)).toEqual({ outage: outcome === unavailable });
  return clock.now() - from;
}

onEachAdapter((open) => {
  test('one unavailable answer stops the calls of the model for every worker', async () => {
    const clock = virtualClock();
    const [one, two] = await rings(open(), clock, [key('key-a')]);
    expect(await called(one!, unavailable)).toEqual({ outage: false });
    expect(await blockSeen(two!)).toEqual({
      reason: 'ProviderOutage',
      code: 'ProviderUnavailable',
      until: clock.now() + 2_000,
      since: clock.now(),
      provider: { status: 503, code: 'UNAVAILABLE' },
      message: 'as the test says',
      permanent: false,
      confirmed: false,
    });
    expect(await blocked(one!, { task: 'job/1' })).toMatchObject({ reason: 'ProviderOutage' });
    await called(two!, used, { model: 'writer' });
    expect(two!.outages('front')).toMatchObject([{ model: 'painter', state: 'open', failures: 1 }]);
    expect((await onlyState(two!)).state).toBe('ready');
  });

  test('probes follow each other every 2 s at first, then more rarely, and a success ends the outage', async () => {
    const clock = virtualClock();
    const [one, two] = await rings(open(), clock, [key('key-a')]);
    await called(one!, unavailable);
    const delays: number[] = [];
    for (let probe = 1; probe <= 25; probe += 1) delays.push(await probed(one!, clock, `job/${probe}`));
    expect(delays.slice(0, 6)).toEqual([2_000, 2_000, 2_000, 2_000, 2_000, 2_000]);
    expect(delays).toEqual(delays.toSorted((a, b) => a - b));
    expect(delays.slice(-3)).toEqual([15_000, 15_000, 15_000]);
    await until(() => two!.outages('front')[0]?.failures === 26, { what: 'the failed probes' });
    expect(two!.block('front', 'painter', 'acme')).toMatchObject({ confirmed: true });
    await probed(one!, clock, 'job/0', used);
    await unblocked(two!);
    expect(two!.outages('front')).toEqual([]);
    await called(two!, used);
  });

  test("the provider's request to wait delays the probe, by at most an hour", async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    await called(ring!, failed('ProviderUnavailable', { retryAfter: 12_500 }));
    expect((await blocked(ring!, { task: 'job/1' })).until).toBe(clock.now() + 12_500);
    clock.skip(12_500);
    const probe = await reserved(ring!, { task: 'job/1' });
    await probe.release(failed('ProviderUnavailable', { retryAfter: 9e18 }));
    expect((await blocked(ring!, { task: 'job/2' })).until).toBe(clock.now() + 3_600_000);
  });

  test('exactly one call probes at a time, over all workers', async () => {
    const clock = virtualClock();
    const both = await rings(open(), clock, [key('key-a')]);
    await called(both[0]!, unavailable);
    await blockSeen(both[1]!);
    clock.skip(2_000);
    expect(await both[1]!.untilRoom('front', ['painter'], never)).toBe(1);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        both[at % 2]!.reserve('front', { model: 'painter', tenant: 'acme', task: `job/${at + 1}` }),
      ),
    );
    const probes = answers.filter((answer) => 'secret' in answer);
    expect(probes).toHaveLength(1);
    for (const answer of answers) if (!('secret' in answer)) expect(answer.reason).toBe('ProviderOutage');
    await until(() => both[1]!.outages('front')[0]?.state === 'probing', { what: 'the probe' });
    // An unused probe is the next call's.
    await probes[0]!.release(unused);
    await until(() => both[1]!.outages('front')[0]?.state === 'open', { what: 'the end of the probe' });
    expect((await reserved(both[1]!, { task: 'job/9' })).isProbe).toBe(true);
  });

  test('the task of the last failure does not probe before another had the chance', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    const start = clock.now();
    await called(ring!, unavailable, { task: 'poison/0' });
    clock.skip(2_000);
    expect((await blocked(ring!, { task: 'poison/0' })).until).toBe(start + 4_000);
    clock.skip(2_000);
    expect((await reserved(ring!, { task: 'poison/0' })).isProbe).toBe(true);
  });

  test('a single internal error is not an outage; that of a second task or the third in a row is', async () => {
    const [one, two] = await rings(open(), virtualClock(), [key('key-a')]);
    await called(one!, internal, { task: 'job/0' });
    await called(one!, internal, { task: 'job/0' });
    await called(one!, used, { task: 'job/1' });
    expect(await called(one!, internal, { task: 'job/0' })).toEqual({ outage: false });
    expect(await called(one!, internal, { task: 'job/2' })).toEqual({ outage: true });
    expect(await blockSeen(two!)).toMatchObject({ reason: 'ProviderOutage', code: 'ProviderError' });

    for (let failure = 0; failure < 3; failure += 1) {
      expect(await called(one!, internal, { model: 'writer', task: 'job/0' })).toEqual({ outage: false });
    }
    expect(await blocked(one!, { model: 'writer', task: 'job/1' })).toMatchObject({ reason: 'ProviderOutage' });
  });

  test('internal errors more than a minute apart are not an outage', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    for (const task of ['job/0', 'job/1', 'job/2']) {
      expect(await called(ring!, internal, { task })).toEqual({ outage: false });
      clock.skip(61_000);
    }
    expect(ring!.outages('front')).toEqual([]);
  });

  test('of many calls that fail together, only the first failure counts against its task', async () => {
    const [one, two] = await rings(open(), virtualClock(), [key('key-a')]);
    const held = await Promise.all(
      Array.from({ length: 10 }, (_, at) => reserved(at % 2 === 0 ? one! : two!, { task: `job/${at}` })),
    );
    const verdicts = await Promise.all(held.map((call) => call.release(unavailable)));
    expect(verdicts.filter(({ outage }) => !outage)).toHaveLength(1);
  });

  test('a call that was reserved before the outage is not sent', async () => {
    const [one, two] = await rings(open(), virtualClock(), [key('key-a')]);
    const held = await reserved(two!, { task: 'job/1' });
    await called(one!, unavailable);
    await blockSeen(two!);
    expect(await held.send()).toBe(false);
    await held.release(unused);
  });

  test.each([
    ['an answer about the request', failed('RequestRefused')],
    ['a rate limit', failed('RateLimited')],
    ['a refused key', failed('KeyRefused')],
    ['a refused result', failed('OutputRefused')],
  ])('a probe that ends with %s ends the outage', async (_what, outcome) => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    await called(ring!, unavailable);
    await probed(ring!, clock, 'job/1', outcome);
    expect(ring!.outages('front')).toEqual([]);
  });

  test.each([
    ['is aborted', { outcome: 'aborted' } as const],
    ['times out', failed('AttemptTimeout')],
  ])('a probe that %s leaves the outage open until the next interval', async (_what, outcome) => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    await called(ring!, unavailable);
    clock.skip(2_000);
    const probe = await reserved(ring!, { task: 'job/1' });
    expect(await probe.release(outcome)).toEqual({ outage: true });
    expect((await blocked(ring!, { task: 'job/2' })).until).toBe(clock.now() + 2_000);
  });

  test('a provider without keys has its outages, too', async () => {
    const clock = virtualClock();
    const ring = await (await open().process()).keys(clock, {});
    await called(ring, unavailable);
    expect(await blockSeen(ring)).toMatchObject({ reason: 'ProviderOutage' });
    await probed(ring, clock, 'job/1', used);
    await called(ring, used);
  });
});
