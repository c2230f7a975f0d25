// A starting process retries while JetStream has no leader, and fails at once on errors that waiting cannot fix.

import { JetStreamApiError } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { retryAtStart } from '../../../src/adapters/nats/jetstream/retry.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const link = { whileConnected: <T>(work: () => Promise<T>) => work(), closing: new AbortController().signal };
const refusal = (code: number, err_code: number) => new JetStreamApiError({ code, err_code, description: 'no' });

test('retries until there is an answer', async () => {
  const work = vi.fn<() => Promise<string>>();
  work.mockRejectedValueOnce(new Error('no responders')).mockRejectedValueOnce(refusal(503, 10_008));
  work.mockResolvedValue('there');
  const answer = retryAtStart(link, 'The bucket', work);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await answer).toBe('there');
  expect(work).toHaveBeenCalledTimes(3);
});

test('fails with Unavailable after a minute without an answer', async () => {
  const answer = retryAtStart(link, 'The bucket', () => Promise.reject(new Error('no responders')));
  const failure = answer.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(await failure).toMatchObject({ code: 'Unavailable' });
});

test('does not retry a refused request', async () => {
  const work = vi.fn<() => Promise<string>>().mockRejectedValue(refusal(400, 10_052));
  await expect(retryAtStart(link, 'The bucket', work)).rejects.toMatchObject({ code: 'NatsUnsuitable' });
  expect(work).toHaveBeenCalledTimes(1);
});

test('throws a conflict as it is', async () => {
  const conflict = refusal(400, 10_071);
  await expect(retryAtStart(link, 'The bucket', () => Promise.reject(conflict))).rejects.toBe(conflict);
});
