// A start outlasts a JetStream without a leader, and is told at once of what will not pass.

import { JetStreamApiError } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { untilAnswered } from '../../../src/adapters/nats/jetstream/untilAnswered.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const link = { whileConnected: <T>(work: () => Promise<T>) => work(), closing: new AbortController().signal };
const refusal = (code: number, err_code: number) => new JetStreamApiError({ code, err_code, description: 'no' });

test('asks again until there is somebody to answer', async () => {
  const work = vi.fn<() => Promise<string>>();
  work.mockRejectedValueOnce(new Error('no responders')).mockRejectedValueOnce(refusal(503, 10_008));
  work.mockResolvedValue('there');
  const answer = untilAnswered(link, 'The bucket', work);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await answer).toBe('there');
  expect(work).toHaveBeenCalledTimes(3);
});

test('says after a minute that nobody answers', async () => {
  const answer = untilAnswered(link, 'The bucket', () => Promise.reject(new Error('no responders')));
  const failure = answer.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(await failure).toMatchObject({ code: 'Unavailable' });
});

test('does not ask again what was refused', async () => {
  const work = vi.fn<() => Promise<string>>().mockRejectedValue(refusal(400, 10_052));
  await expect(untilAnswered(link, 'The bucket', work)).rejects.toMatchObject({ code: 'NatsUnsuitable' });
  expect(work).toHaveBeenCalledTimes(1);
});

test('leaves a conflict to those who asked for it', async () => {
  const conflict = refusal(400, 10_071);
  await expect(untilAnswered(link, 'The bucket', () => Promise.reject(conflict))).rejects.toBe(conflict);
});
