// How soon a standing pull is sent again after the server has ended it: at once when the consumer has moved to another server, ever
// later while it has none.

import { headers, type Msg } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LanePull } from '../../../src/adapters/nats/queue/lanePull.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a quiet pull follows its consumer to another server at once', () => {
  const { pulls, answer } = openPull();
  answer(409, 'Leadership Change');
  vi.advanceTimersByTime(100);
  expect(pulls()).toBe(2);
});

test('while no server has the consumer, a quiet pull comes back ever later, each second in the end', () => {
  const { pulls, answer } = openPull();
  for (const [at, delay] of [100, 200, 400, 800, 1_000, 1_000].entries()) {
    answer(503, 'No Responders');
    vi.advanceTimersByTime(delay - 1);
    expect(pulls()).toBe(at + 1);
    vi.advanceTimersByTime(1);
    expect(pulls()).toBe(at + 2);
  }
  answer(408, 'Request Timeout');
  answer(503, 'No Responders');
  const before = pulls();
  vi.advanceTimersByTime(100);
  expect(pulls()).toBe(before + 1);
});

function openPull() {
  let pulls = 0;
  let callback: (error: null, message: Msg) => void = () => undefined;
  const connection = {
    isClosed: () => false,
    isDraining: () => false,
    publish: () => void (pulls += 1),
    subscribe: (_inbox: string, options: { callback: typeof callback }) => {
      callback = options.callback;
      return { isClosed: () => false, drain: async () => undefined };
    },
  };
  const link = { connection, apiPrefix: '$JS.API', inbox: () => '_INBOX.a' } as unknown as ConstructorParameters<
    typeof LanePull
  >[0];
  new LanePull(link, { stream: 'S', name: 'C', isQuiet: true }, () => undefined).openStandingPull();
  const answer = (code: number, description: string): void =>
    callback(null, { data: new Uint8Array(), headers: headers(code, description) } as Msg);
  return { pulls: () => pulls, answer };
}
