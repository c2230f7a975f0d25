// Which events of the system account are believed.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectionLosses, type ClosedConnection } from '../../../src/adapters/nats/heartbeats/connectionLosses.ts';
import type { Beat } from '../../../src/ports/heartbeats.ts';
import { aBeat } from '../../fakes/heartbeats.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const hold = 1_000;
const beat = (worker: string, client: number, server = 'S1'): Beat => aBeat({ worker, connection: { server, client } });
const event = (changes: Partial<ClosedConnection> = {}): ClosedConnection => ({
  kind: 'disconnect',
  name: 'w-1',
  server: 'S1',
  client: 5,
  reason: 'Client Closed',
  ...changes,
});

function judge() {
  const losses = connectionLosses(hold);
  const lost: string[] = [];
  losses.onLoss((worker, reason) => lost.push(`${worker}: ${reason}`));
  losses.observeBeat(beat('w-1', 5));
  return { losses, lost };
}

test.each(['Client Closed', 'Read Error', 'Write Error'])('%s is believed when the hold ends', (reason) => {
  const { losses, lost } = judge();
  losses.observe(event({ reason }));
  vi.advanceTimersByTime(hold - 1);
  expect(lost).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(lost).toEqual([`w-1: ${reason}`]);
});

test.each([
  ['another client', event({ client: 6 })],
  ['another server', event({ server: 'S2' })],
  ["the worker's connection for artifacts", event({ name: 'w-1-artifacts', client: 6 })],
  ['a kick', event({ reason: 'Kicked' })],
  ['a slow consumer', event({ reason: 'Slow Consumer (Pending Bytes)' })],
  ['no reason', event({ reason: '' })],
])('%s is not believed', (_what, unbelievable) => {
  const { losses, lost } = judge();
  losses.observe(unbelievable);
  vi.advanceTimersByTime(hold * 10);
  expect(lost).toEqual([]);
});

test('the name in the event does not matter, as clients choose it themselves', () => {
  const { losses, lost } = judge();
  losses.observe(event({ name: 'somebody else' }));
  vi.advanceTimersByTime(hold);
  expect(lost).toHaveLength(1);
});

test.each([
  ['a beat', (losses: ReturnType<typeof connectionLosses>) => losses.observeBeat(beat('w-1', 9))],
  [
    'a new connection',
    (losses: ReturnType<typeof connectionLosses>) => losses.observe(event({ kind: 'connect', client: 9 })),
  ],
])('%s within the hold cancels it', (_what, sign) => {
  const { losses, lost } = judge();
  losses.observe(event());
  vi.advanceTimersByTime(hold - 1);
  sign(losses);
  vi.advanceTimersByTime(hold * 10);
  expect(lost).toEqual([]);
});

test('an event about the connection before the reconnect is ignored', () => {
  const { losses, lost } = judge();
  losses.observeBeat(beat('w-1', 9));
  losses.observe(event({ client: 5 }));
  vi.advanceTimersByTime(hold * 10);
  expect(lost).toEqual([]);
});

test('a worker is lost once, until it beats again', () => {
  const { losses, lost } = judge();
  losses.observe(event());
  vi.advanceTimersByTime(hold);
  losses.observe(event());
  vi.advanceTimersByTime(hold);
  expect(lost).toHaveLength(1);
  losses.observeBeat(beat('w-1', 5));
  losses.observe(event());
  vi.advanceTimersByTime(hold);
  expect(lost).toHaveLength(2);
});

test('a worker that beats every 200 s is remembered between its beats', () => {
  const { losses, lost } = judge();
  vi.advanceTimersByTime(199_000);
  losses.observeBeat(beat('w-2', 6));
  losses.observe(event());
  vi.advanceTimersByTime(hold);
  expect(lost).toEqual(['w-1: Client Closed']);
});

test('the connection for artifacts does not end the hold of the lost one', () => {
  const { losses, lost } = judge();
  losses.observe(event());
  losses.observe(event({ kind: 'connect', name: 'w-1-artifacts', client: 8 }));
  vi.advanceTimersByTime(hold);
  expect(lost).toEqual(['w-1: Client Closed']);
});
