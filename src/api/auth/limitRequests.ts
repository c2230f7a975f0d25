// Refuses requests above the limit of their sender. Tells the other API processes four times a second what this one has
// accepted, and listens to them.

import { GenwardenError } from '../../job/errors/index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RequestCounts } from '../../ports/requestCounts.ts';
import type { ApiContext } from '../options.ts';
import { defaultPerSecond, rateLimit, reportEvery, type Limited, type RateLimit } from './rateLimit.ts';

/** Counts a request of the sender, who is `name` in the message; throws `TooManyRequests`. */
export type CountRequest = (sender: Limited, name: string) => void;

/** Sharing ends when the API closes. Without `requestCounts`, the limit is this process's own. */
export function limitRequests({
  requestCounts,
  clock,
  random,
  closing,
}: Pick<ApiContext, 'requestCounts' | 'clock' | 'random' | 'closing'>): CountRequest {
  const limit = rateLimit(Buffer.from(random(9)).toString('base64url'));
  if (requestCounts !== undefined) {
    const stop = requestCounts.watch((report) => limit.hear(report, clock.monotonic()));
    closing.addEventListener('abort', stop, { once: true });
    void sendReports(limit, requestCounts, clock, closing);
  }
  return (sender, name) => {
    const wait = limit.take(sender, clock.monotonic());
    if (wait === undefined) return;
    const { requestsPerSecond = defaultPerSecond } = sender;
    throw new GenwardenError('TooManyRequests', `${name} sent more than ${requestsPerSecond} requests per second`, {
      details: { retryAfter: wait },
    });
  };
}

async function sendReports(limit: RateLimit, counts: RequestCounts, clock: Clock, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    const report = limit.report(clock.monotonic());
    if (report !== undefined) counts.send(report);
    // It rejects only when `closing` aborts.
    await clock.sleep(clock.now() + reportEvery, closing).catch(() => undefined);
  }
}
