// The contract of every key ring about keys that the provider limits or refuses: for which models, for how long, and what
// the pool's block says.
import { expect, test } from 'vitest';
import { virtualClock } from '../fakes/clock.ts';
import { taskError } from '../../src/job/errors/index.ts';
import type { KeyRing } from '../../src/ports/keyRing.ts';
import { until } from '../support/until.ts';
import {
  blocked,
  blockSeen,
  called,
  failed,
  key,
  onlyState,
  reserved,
  rings,
  unblocked,
  unused,
  used,
} from './keyRings.ts';
import { onEachAdapter } from './ports.ts';

const minute = 60_000;

/** The time for which a failure like this keeps the only key from the model; the clock then stands at its end. */
async function delayAfter(
  ring: KeyRing,
  clock: ReturnType<typeof virtualClock>,
  ...failure: Parameters<typeof failed>
): Promise<number> {
  await called(ring, failed(...failure));
  const { until: end } = await blocked(ring);
  const delay = end! - clock.now();
  clock.skip(delay);
  return delay;
}

onEachAdapter((open) => {
  test("a rate limit cools the key for this model only, for every worker, for the provider's delay", async () => {
    const clock = virtualClock();
    const start = clock.now();
    const [one, two] = await rings(open(), clock, [key('key-a')]);
    await called(one!, failed('RateLimited', { retryAfter: 17_000, provider: { status: 429 } }));
    expect(await blockSeen(two!)).toMatchObject({
      reason: 'KeysCooling',
      code: 'RateLimited',
      until: start + 17_000,
      since: start,
      provider: { status: 429 },
      message: 'as the test says',
      permanent: false,
      confirmed: true,
    });
    await called(two!, used, { model: 'writer' });
    expect(await onlyState(two!)).toMatchObject({
      state: 'cooling',
      models: [{ model: 'painter', state: 'cooling', until: start + 17_000, cause: 'RateLimited' }],
    });
    clock.skip(16_999);
    await blocked(two!);
    clock.skip(1);
    await called(two!, used);
  });

  test('without a usable delay from the provider the cool-down doubles until a success', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    const delays: number[] = [];
    for (const retryAfter of [undefined, 0, -5, Number.NaN, undefined]) {
      delays.push(await delayAfter(ring!, clock, 'RateLimited', retryAfter === undefined ? {} : { retryAfter }));
    }
    expect(delays).toEqual([5_000, 10_000, 20_000, 40_000, minute]);
    await called(ring!, used);
    expect(await delayAfter(ring!, clock, 'RateLimited')).toBe(5_000);
  });

  test.each([
    [2 ** 73, 60 * minute],
    [Infinity, 60 * minute],
    [12, 1_000],
    [3_957.525_076, 3_958],
  ])('a delay of %d ms is taken for %d ms', async (retryAfter, expected) => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    expect(await delayAfter(ring!, clock, 'RateLimited', { retryAfter })).toBe(expected);
  });

  test('ten parallel rate limits count as one', async () => {
    const clock = virtualClock();
    const both = await rings(open(), clock, [key('key-a')]);
    const held = await Promise.all(Array.from({ length: 10 }, (_, at) => reserved(both[at % 2]!)));
    await Promise.all(held.map((one) => one.release(failed('RateLimited'))));
    expect((await blockSeen(both[1]!)).until).toBe(clock.now() + 5_000);
  });

  test('a key in hand from before the cool-down is not used', async () => {
    const [one, two] = await rings(open(), virtualClock(), [key('key-a')]);
    const [painter, writer] = [await reserved(two!), await reserved(two!, { model: 'writer' })];
    await called(one!, failed('RateLimited', { retryAfter: 30_000 }));
    await blockSeen(two!);
    expect([await painter.send(), await writer.send()]).toEqual([false, true]);
    await painter.release(unused);
    await writer.release(used);
  });

  test('a used-up quota of the day waits longer each time, at least as long as the provider says', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    expect(await delayAfter(ring!, clock, 'QuotaExhausted', { retryAfter: 30_000 })).toBe(minute);
    expect(await delayAfter(ring!, clock, 'QuotaExhausted')).toBe(2 * minute);
    expect(await delayAfter(ring!, clock, 'QuotaExhausted', { retryAfter: 50 * minute })).toBe(50 * minute);
    await called(ring!, failed('QuotaExhausted'));
    const block = await blocked(ring!);
    expect(block).toMatchObject({ reason: 'QuotaExhausted', code: 'QuotaExhausted', permanent: false });
    expect((await onlyState(ring!)).models).toMatchObject([{ state: 'exhausted' }]);
  });

  test('no quota on any key is a permanent block, which is checked again after a minute', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a'), key('key-b')], { count: 1 });
    await called(ring!, failed('QuotaUnavailable'));
    const second = await reserved(ring!);
    await second.release(failed('QuotaUnavailable', { retryAfter: 2_000, provider: { status: 429 } }));
    expect(await blocked(ring!)).toMatchObject({
      reason: 'QuotaExhausted',
      code: 'QuotaUnavailable',
      until: clock.now() + minute,
      permanent: true,
    });
    await called(ring!, used, { model: 'writer' });
    clock.skip(minute);
    await called(ring!, used);
  });

  test('a key that cools beside one without a quota is not a permanent block; a refused one is', async () => {
    const [ring] = await rings(open(), virtualClock(), [key('key-a'), key('key-b')], { count: 1 });
    // Two calls at the same time use different keys.
    const [one, two, three, four] = [
      await reserved(ring!),
      await reserved(ring!),
      await reserved(ring!),
      await reserved(ring!),
    ];
    const second = [three, four].find(({ secret }) => secret === two.secret)!;
    await one.release(failed('QuotaUnavailable'));
    await two.release(failed('RateLimited', { retryAfter: 5_000 }));
    // The reason of the key that becomes usable first.
    expect(await blocked(ring!)).toMatchObject({ reason: 'KeysCooling', permanent: false });
    await second.release(failed('KeyRefused'));
    expect(await blocked(ring!)).toMatchObject({ reason: 'QuotaExhausted', code: 'QuotaUnavailable', permanent: true });
  });

  test('a refused key is set aside for every worker and model with its reason; the other key is used', async () => {
    const clock = virtualClock();
    const [one, two] = await rings(open(), clock, [key('bad'), key('good')]);
    const refusal = taskError('KeyRefused', "Consumer 'api_key:bad' has been suspended", {
      provider: { status: 403, code: 'CONSUMER_SUSPENDED' },
    });
    const held = [await reserved(one!), await reserved(one!)];
    const bad = held.find(({ secret }) => secret === 'bad')!;
    await bad.release({ outcome: 'failed', error: refusal });
    const shown = await until(async () => (await two!.state('front')).find(({ state }) => state === 'refused'), {
      what: 'the refusal to reach the other worker',
    });
    expect(shown).toMatchObject({
      cause: 'KeyRefused',
      until: clock.now() + 10 * minute,
      provider: { status: 403, code: 'CONSUMER_SUSPENDED' },
      message: "Consumer 'api_key:[key]' has been suspended",
    });
    for (const model of ['painter', 'writer']) {
      for (let call = 0; call < 5; call += 1) expect((await reserved(two!, { model })).secret).toBe('good');
    }
  });

  test('when all keys are refused, one call tries again after ten minutes, then after twenty', async () => {
    const clock = virtualClock();
    const [one, two] = await rings(open(), clock, [key('key-a')]);
    await called(one!, failed('KeyRefused', { provider: { status: 403 } }));
    expect(await blockSeen(two!)).toMatchObject({
      reason: 'KeysRefused',
      code: 'KeyRefused',
      until: clock.now() + 10 * minute,
      provider: { status: 403 },
      permanent: false,
    });
    clock.skip(10 * minute);
    const answers = await Promise.all([one!, two!, one!, two!].map((ring) => ring.reserve('front', call)));
    const trials = answers.filter((answer) => 'secret' in answer);
    expect(trials).toHaveLength(1);
    expect(await trials[0]!.send()).toBe(true);
    await trials[0]!.release(failed('KeyRefused'));
    const again = clock.now() + 20 * minute;
    await until(() => two!.block('front', 'painter', 'acme')?.until === again, { what: 'the second refusal' });
    clock.skip(20 * minute);
    await called(two!, used);
    await unblocked(one!);
    expect((await onlyState(two!)).state).toBe('ready');
  });

  test('a trial without an answer neither clears nor extends the refusal', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    await called(ring!, failed('KeyRefused'));
    clock.skip(10 * minute);
    await called(ring!, { outcome: 'aborted' });
    expect((await onlyState(ring!)).state).toBe('refused');
    // The next call tries, at once.
    await called(ring!, failed('RequestRefused'));
    expect((await onlyState(ring!)).state).toBe('ready');
  });

  test('a denied permission concerns one key and model', async () => {
    const clock = virtualClock();
    const [ring] = await rings(open(), clock, [key('key-a')], { count: 1 });
    await called(ring!, failed('PermissionDenied', { provider: { status: 403 } }));
    expect(await blocked(ring!)).toMatchObject({ reason: 'KeysRefused', code: 'PermissionDenied', permanent: true });
    await called(ring!, used, { model: 'writer' });
    clock.skip(minute);
    await called(ring!, used);
  });

  test('other errors do not affect the key', async () => {
    const [ring] = await rings(open(), virtualClock(), [key('key-a')], { count: 1 });
    for (const code of ['PromptRefused', 'RequestRefused', 'ModelNotFound', 'AttemptTimeout'] as const) {
      expect(await called(ring!, failed(code))).toEqual({ outage: false });
    }
    expect(await onlyState(ring!)).toMatchObject({ state: 'ready', cause: null, models: [] });
    expect(ring!.block('front', 'painter', 'acme')).toBeUndefined();
  });

  test('replaced keys are used at once, removed ones no more, and refusals are forgotten', async () => {
    const [ring] = await rings(open(), virtualClock(), [key('old'), key('stays')], { count: 1 });
    const held = [await reserved(ring!), await reserved(ring!)];
    const [old, stays] = ['old', 'stays'].map((secret) => held.find((one) => one.secret === secret)!);
    await stays!.release(failed('KeyRefused'));
    await ring!.replaceKeys('front', [key('stays', { maxInFlight: 1 }), key('new')]);
    expect(await old!.send()).toBe(false);
    await old!.release(unused);
    const next = [await reserved(ring!), await reserved(ring!), await reserved(ring!)];
    expect(next.map(({ secret }) => secret).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['new', 'new', 'stays']);
    await until(async () => (await ring!.state('front')).length === 2, { what: 'the removed key to disappear' });
    const shown = (await ring!.state('front')).map(({ fingerprint }) => fingerprint);
    expect(new Set(shown)).toEqual(new Set(next.map(({ fingerprint }) => fingerprint)));
  });

  test('a starting worker tries keys again that were refused more than a minute ago', async () => {
    const installation = open();
    const clock = virtualClock();
    const [first] = await rings(installation, clock, [key('key-a')], { count: 1 });
    await called(first!, failed('KeyRefused'));
    clock.skip(30_000);
    const [early] = await rings(installation, clock, [key('key-a')], { count: 1 });
    expect(await blockSeen(early!)).toMatchObject({ reason: 'KeysRefused' });
    clock.skip(40_000);
    const [late] = await rings(installation, clock, [key('key-a')], { count: 1 });
    await unblocked(late!);
    await called(late!, used);
  });
});

const call = { model: 'painter', tenant: 'acme', task: 'job/0' };
