// What an attempt leads to: success, another attempt, or the end.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterAttempt, newDelivery, resent, type AttemptResult } from '../../../src/job/webhooks/delivery.ts';

const now = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const job = 'a'.repeat(26);

const fresh = newDelivery(
  {
    id: `${job}-finished-1`,
    tenant: 'default',
    job,
    pool: 'default',
    task: null,
    event: 'job.finished',
    url: 'https://app.example/',
    at: now,
    order: 1,
    expiresAt: now + 7 * 24 * hour,
    data: { job },
  },
  now,
);
const answer = (status: number, retryAfter?: number): AttemptResult => ({
  answered: true,
  status,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

describe('an attempt', () => {
  test.each([200, 201, 204, 299])('with the answer %i delivers, and the payload is forgotten', (status) => {
    expect(afterAttempt(fresh, answer(status), now, 0)).toMatchObject({
      state: 'delivered',
      attempts: 1,
      data: {},
      nextAt: null,
    });
  });

  test('with the answer 410 is the last', () => {
    const { state, lastError } = afterAttempt(fresh, answer(410), now, 0);
    expect([state, lastError?.reason, lastError?.status]).toEqual(['dead', 'Gone', 410]);
  });

  test.each([
    [400, 'Answered'],
    [404, 'Answered'],
    [500, 'Answered'],
    [302, 'Redirected'],
    [199, 'Answered'],
  ])('with the answer %i is followed by another', (status, reason) => {
    const next = afterAttempt(fresh, answer(status), now, 0);
    expect([next.state, next.lastError?.reason, next.nextAt]).toEqual(['pending', reason, now + 1_000]);
  });

  test('waits as long as the receiver asks, but at least a second and no longer than a day', () => {
    expect(afterAttempt(fresh, answer(503, 90_000), now, 0).nextAt).toBe(now + 90_000);
    expect(afterAttempt(fresh, answer(503, 0), now, 0).nextAt).toBe(now + 1_000);
    expect(afterAttempt(fresh, answer(503, 90 * hour), now, 0).nextAt).toBe(now + 24 * hour);
  });

  test('waits twice as long each time, up to an hour, with jitter', () => {
    const waits = [1, 2, 3, 12, 20].map(
      (attempts) => afterAttempt({ ...fresh, attempts: attempts - 1 }, answer(500), now, 0.999_999_999).nextAt! - now,
    );
    expect(waits).toEqual([2_000, 4_000, 8_000, hour, hour]);
    expect(afterAttempt({ ...fresh, attempts: 2 }, answer(500), now, 0).nextAt).toBe(now + 4_000);
  });

  test('after a day is the last; a resend starts a new day with the same id', () => {
    const old = { ...fresh, attempts: 30 };
    const end = now + 24 * hour;
    expect(afterAttempt(old, answer(500), end - 1, 0)).toMatchObject({ state: 'pending', nextAt: end });
    const given = afterAttempt(old, answer(500), end, 0);
    expect(given).toMatchObject({ state: 'dead', nextAt: null, attempts: 31 });
    const again = resent(given, end + hour);
    expect(again).toMatchObject({ id: fresh.id, state: 'pending', since: end + hour, nextAt: end + hour });
    expect(afterAttempt(again, answer(500), end + hour, 0).state).toBe('pending');
  });

  test('is never planned after the job has expired', () => {
    const short = { ...fresh, expiresAt: now + 1_500 };
    expect(afterAttempt(short, answer(503, hour), now, 0).nextAt).toBe(now + 1_500);
    expect(afterAttempt(short, answer(503), now + 1_500, 0).state).toBe('dead');
  });

  test('a receiver that always fails is tried about every hour for a day, and then no more', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (randoms) => {
        let delivery = fresh;
        let at = now;
        for (let tries = 0; delivery.state === 'pending' && tries < 200; tries += 1) {
          at = delivery.nextAt!;
          delivery = afterAttempt(delivery, answer(500), at, randoms.next().value);
        }
        expect(delivery.state).toBe('dead');
        expect(at).toBe(now + 24 * hour);
        expect(delivery.attempts).toBeGreaterThan(30);
        expect(delivery.attempts).toBeLessThan(70);
      }),
      { numRuns: 50 },
    );
  });
});
