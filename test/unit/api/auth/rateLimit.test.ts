// The limit of requests per second: of one process, of several that hear of each other, and of several that do not.

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import { rateLimit, reportEvery, type Limited, type RateLimit } from '../../../../src/api/auth/rateLimit.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { monotonicFrom } from '../../../../src/job/time.ts';
import { apiWorld } from '../../../fakes/apiWorld.ts';
import { virtualClock } from '../../../fakes/clock.ts';
import { fakeRequestCounts } from '../../../fakes/requestCounts.ts';
import { start } from '../../../fakes/tasks.ts';
import { as } from './stage.ts';

const client = { id: 'tok_a' };
const at = monotonicFrom;

function acceptedAtOnce(limit: RateLimit, now: number, requests = 1_000, sender: Limited = client): number {
  let accepted = 0;
  for (let count = 0; count < requests; count += 1) if (limit.take(sender, at(now)) === undefined) accepted += 1;
  return accepted;
}

describe('one process', () => {
  test('accepts 400 requests at once, then 200 per second, of each principal', () => {
    const limit = rateLimit('p');
    expect(acceptedAtOnce(limit, 0)).toBe(400);
    expect(limit.take(client, at(0))).toBeCloseTo(0.005);
    expect(limit.take({ id: 'tok_b' }, at(0))).toBeUndefined();
    expect(limit.take(client, at(5))).toBeUndefined();
    expect(limit.take(client, at(5))).toBeGreaterThan(0);
    expect(acceptedAtOnce(limit, 1_005)).toBe(200);
  });

  test("uses a principal's own limit, however small or large", () => {
    const limit = rateLimit('p');
    expect(acceptedAtOnce(limit, 0, 1_000, { id: 'slow', requestsPerSecond: 1 })).toBe(2);
    expect(acceptedAtOnce(limit, 1_000, 1_000, { id: 'slow', requestsPerSecond: 1 })).toBe(1);
    expect(acceptedAtOnce(limit, 0, 9_000, { id: 'fast', requestsPerSecond: 1_000 })).toBe(2_000);
  });

  test('remembers 10,000 principals', () => {
    const limit = rateLimit('p');
    acceptedAtOnce(limit, 0);
    for (let other = 0; other < 9_999; other += 1) limit.take({ id: `other ${other}` }, at(0));
    expect(acceptedAtOnce(limit, 0)).toBe(0);
    for (let other = 0; other < 10_000; other += 1) limit.take({ id: `other ${other}` }, at(0));
    expect(acceptedAtOnce(limit, 0)).toBe(400);
  });

  test('reports what it accepted, hashed and bounded, and its presence once a second', () => {
    const limit = rateLimit('p');
    expect(limit.report(at(0))).toEqual({ process: 'p', counts: [] });
    expect(limit.report(at(250))).toBeUndefined();
    acceptedAtOnce(limit, 300, 3);
    expect(limit.report(at(500))).toEqual({
      process: 'p',
      counts: [{ principal: expect.stringMatching(/^[\w-]{16}$/) as string, requests: 3, perSecond: 200 }],
    });
    expect(limit.report(at(1_250))).toBeUndefined();
    expect(limit.report(at(1_500))).toEqual({ process: 'p', counts: [] });
    for (let other = 0; other < 2_500; other += 1) limit.take({ id: `other ${other}` }, at(1_500));
    const sizes = [1, 2, 3, 4].map((turn) => limit.report(at(1_500 + turn))?.counts.length);
    expect(sizes).toEqual([1_000, 1_000, 500, undefined]);
  });
});

interface Group {
  readonly limits: readonly RateLimit[];
  /** Every process reports, in turn, and those that it reaches hear it. */
  exchange(now: number): void;
  reaches: (from: number, to: number) => boolean;
}

function group(size: number): Group {
  const limits = Array.from({ length: size }, (_, index) => rateLimit(`process-${index}`));
  const made: Group = {
    limits,
    reaches: () => true,
    exchange(now) {
      limits.forEach((limit, from) => {
        const report = limit.report(at(now));
        limits.forEach((other, to) => report && made.reaches(from, to) && other.hear(report, at(now)));
      });
    },
  };
  made.exchange(0);
  return made;
}

/** How many requests the processes accept while each gets `perRound` requests in each round of 250 ms. */
function acceptedFor({ limits, exchange }: Group, from: number, rounds: number, perRound: readonly number[]): number {
  let accepted = 0;
  for (let round = 0; round < rounds; round += 1) {
    const now = from + round * reportEvery;
    limits.forEach((limit, index) => (accepted += acceptedAtOnce(limit, now, perRound[index] ?? 0)));
    exchange(now);
  }
  return accepted;
}

describe('several processes', () => {
  test.each([2, 3, 8])('of which there are %i accept no more than one together', (size) => {
    const together = group(size);
    const flood = Array<number>(size).fill(1_000);
    // Ten seconds: the burst of 400, and 200 per second. Shares are whole requests, so a few may be left over.
    const accepted = acceptedFor(together, 0, 40, flood);
    expect(accepted).toBeLessThanOrEqual(400 + 2_000 + size);
    expect(accepted).toBeGreaterThan(2_000 - size);
  });

  test.each([2, 4, 8])('of which there are %i accept the whole rate of a client of one of them', (size) => {
    const together = group(size);
    acceptedFor(together, 0, 40, [1_000]);
    const accepted = acceptedFor(together, 10_000, 40, [1_000]);
    expect(accepted).toBeGreaterThanOrEqual(1_900);
    expect(accepted).toBeLessThanOrEqual(2_100);
  });

  test('count a client of another process that they have never seen', () => {
    const together = group(2);
    acceptedFor(together, 0, 4, [1_000, 0]);
    expect(acceptedAtOnce(together.limits[1]!, 750)).toBeLessThan(150);
  });

  test('forget one that is gone', () => {
    const together = group(2);
    together.reaches = (from) => from === 0;
    const untilThen = (from: number, to: number) => {
      for (let now = from; now <= to; now += reportEvery) together.exchange(now);
    };
    untilThen(250, 2_750);
    expect(acceptedAtOnce(together.limits[0]!, 2_999)).toBe(200);
    untilThen(3_000, 5_250);
    expect(acceptedAtOnce(together.limits[0]!, 5_251)).toBe(400);
  });

  test('accept their equal parts while NATS is away', () => {
    const together = group(4);
    together.reaches = () => false;
    const flood = Array<number>(4).fill(1_000);
    const first = acceptedFor(together, 4_000, 1, flood);
    expect(first).toBe(400);
    const accepted = acceptedFor(together, 4_250, 40, flood);
    expect(accepted).toBeLessThanOrEqual(2_000);
    expect(accepted).toBeGreaterThan(1_900);
  });

  test('accept at most one burst more when reports are late, whatever the requests', () => {
    const rounds = fc.array(
      fc.record({
        sends: fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 4, maxLength: 4 }),
        // Reports that the processes send in this round; the others send theirs in the next.
        late: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), rounds, (size, all) => {
        const together = group(size);
        let accepted = 0;
        const waiting = Array.from({ length: size }, () => [] as (() => void)[]);
        all.forEach(({ sends, late }, round) => {
          const now = (round + 1) * reportEvery;
          together.limits.forEach((limit, index) => {
            accepted += acceptedAtOnce(limit, now, sends[index]);
            const report = limit.report(at(now));
            if (report !== undefined) {
              waiting[index]!.push(() => together.limits.forEach((other) => other.hear(report, at(now))));
            }
            // Late by one round, in any case before the round after.
            const due =
              late[index] === true ? waiting[index]!.splice(0, waiting[index]!.length - 1) : waiting[index]!.splice(0);
            for (const deliver of due) deliver();
          });
          expect(accepted).toBeLessThanOrEqual(400 + 200 * (now / 1_000) + 400);
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe('the API', () => {
  const reader = createToken({ name: 'app', tenant: 'acme', scopes: ['jobs:read'], createdAt: start }, (bytes) =>
    randomBytes(bytes),
  );

  test('answers 429 with Retry-After and the limit of the token', async () => {
    await using world = await apiWorld({ auth: tokenStore([{ ...reader.entry, requestsPerSecond: 2 }]) });
    const answers = [];
    for (let count = 0; count < 5; count += 1) answers.push(await world.get('/v1/jobs', as(reader.token)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429]);
    expect(answers[4]).toMatchObject({
      headers: { 'retry-after': '1' },
      json: { code: 'TooManyRequests', detail: 'Token app sent more than 2 requests per second' },
    });
    world.clock.skip(500);
    expect((await world.get('/v1/jobs', as(reader.token))).status).toBe(200);
  });

  test('shares its counts with other processes until it closes', async () => {
    const requestCounts = fakeRequestCounts();
    const clock = virtualClock();
    const auth = tokenStore([{ ...reader.entry, requestsPerSecond: 10 }]);
    const two = [await apiWorld({ auth, requestCounts, clock }), await apiWorld({ auth, requestCounts, clock })];
    await clock.advance(1_000);
    const flood = async () => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, index) => two[index % 2]!.get('/v1/jobs', as(reader.token))),
      );
      return answers.filter(({ status }) => status === 200).length;
    };
    expect(await flood()).toBe(20);
    await clock.advance(250);
    expect(await flood()).toBeLessThanOrEqual(3);
    for (const world of two) await world[Symbol.asyncDispose]();
    const sent = requestCounts.sent.length;
    await clock.advance(5_000);
    expect(requestCounts.sent).toHaveLength(sent);
  });
});
