// The contract of every key ring about budgets: what calls cost is added up over all workers, and a spent budget blocks.
import { expect, test } from 'vitest';
import { taskError } from '../../src/job/errors/index.ts';
import { virtualClock } from '../fakes/clock.ts';
import { until } from '../support/until.ts';
import { blocked, blockSeen, called, key, never, rings, unblocked } from './keyRings.ts';
import { onEachAdapter } from './ports.ts';

const noon = Date.UTC(2026, 10, 29, 12);
const midnight = Date.UTC(2026, 10, 30);
const december = Date.UTC(2026, 11, 1);
const paid = (cost: number) => ({ outcome: 'used', cost }) as const;

onEachAdapter((open) => {
  test("a pool's budget of the day blocks all tenants until the next UTC day", async () => {
    const clock = virtualClock(noon);
    const [one, two] = await rings(open(), clock, [key('key-a')], { budgets: { pool: { day: 0.3 } } });
    await called(one!, paid(0.1), { tenant: 'acme' });
    const error = taskError('OutputRefused', 'no');
    await called(one!, { outcome: 'failed', error, cost: 0.1 }, { tenant: 'other' });
    expect(one!.block('front', 'painter', 'acme')).toBeUndefined();
    await called(one!, { outcome: 'aborted', cost: 0.1 }, { tenant: 'other' });
    expect(await blockSeen(two!, { tenant: 'third' })).toEqual({
      reason: 'BudgetExhausted',
      code: 'BudgetExceeded',
      until: midnight,
      since: null,
      provider: null,
      message: "The pool's budget of 0.3 per day is spent (0.3)",
      permanent: false,
      confirmed: true,
    });
    const room = two!.untilRoom('front', ['painter'], never);
    clock.skip(midnight - noon);
    await room;
    await unblocked(two!, { tenant: 'third' });
  });

  test("a tenant's budget of the month blocks that tenant only, until the next month", async () => {
    const clock = virtualClock(noon);
    const budgets = { tenant: { day: 5, month: 1 } };
    const [one, two] = await rings(open(), clock, [key('key-a')], { budgets });
    await called(one!, paid(1.25), { tenant: 'acme' });
    expect(await blockSeen(two!)).toMatchObject({ reason: 'BudgetExhausted', until: december });
    expect(await blocked(one!)).toMatchObject({ reason: 'BudgetExhausted' });
    await called(two!, paid(0.5), { tenant: 'other' });
    clock.skip(midnight - noon);
    expect(await blocked(one!)).toMatchObject({ until: december });
    clock.skip(december - midnight);
    await called(one!, paid(0.5));
  });

  test('all processes see what was spent, and the limits', async () => {
    const installation = open();
    const clock = virtualClock(noon);
    const budgets = { pool: { day: 10 }, tenant: { month: 4 } };
    const [ring] = await rings(installation, clock, [key('key-a')], { count: 1, budgets });
    const api = await (await installation.process()).keys(clock, {});
    await called(ring!, paid(0.1), { tenant: 'acme' });
    await called(ring!, paid(0.2), { tenant: 'acme' });
    await called(ring!, paid(1), { tenant: 'other' });
    const ends = { dayEndsAt: midnight, monthEndsAt: december };
    await until(() => api.spending('front').length === 3 && api.spending('front')[0]!.day === 1.3, { what: 'the sum' });
    expect(api.spending('front')).toEqual([
      { tenant: null, day: 1.3, month: 1.3, limits: { day: 10 }, ...ends },
      { tenant: 'other', day: 1, month: 1, limits: { month: 4 }, ...ends },
      { tenant: 'acme', day: 0.3, month: 0.3, limits: { month: 4 }, ...ends },
    ]);
    clock.skip(midnight - noon);
    expect(api.spending('front')[0]).toMatchObject({ day: 0, month: 1.3 });
    clock.skip(december - midnight);
    expect(api.spending('front')).toMatchObject([{ tenant: null, day: 0, month: 0 }]);
  });

  test('many paid calls at once are all added', async () => {
    const both = await rings(open(), virtualClock(noon), [key('key-a')]);
    const calls = Array.from({ length: 40 }, (_, at) => called(both[at % 2]!, paid(0.001), { tenant: `t${at % 4}` }));
    await Promise.all(calls);
    await until(() => both[0]!.spending('front')[0]?.day === 0.04, { what: 'the sum' });
    await until(() => both[0]!.spending('front').length === 5, { what: 'all tenants' });
    expect(
      both[0]!
        .spending('front')
        .slice(1)
        .map(({ day }) => day),
    ).toEqual([0.01, 0.01, 0.01, 0.01]);
  });

  test('a raised budget of a restarted worker lifts the block', async () => {
    const installation = open();
    const clock = virtualClock(noon);
    const [first] = await rings(installation, clock, [key('key-a')], { count: 1, budgets: { pool: { day: 1 } } });
    await called(first!, paid(1));
    await blockSeen(first!);
    await rings(installation, clock, [key('key-a')], { count: 1, budgets: { pool: { day: 2 } } });
    await unblocked(first!);
  });
});
