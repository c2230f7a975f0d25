// After the retention is lowered, a stream keeps its age until every job of the longer retention has expired.
import type { StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { ageChange } from '../../../src/adapters/nats/stream/lowerAge.ts';

const days = (count: number): number => nanos(count * 86_400_000);
const date = (day: number, hour = 0): string => new Date(Date.UTC(2026, 10, day, hour)).toISOString();

/** A stream whose messages are kept for 7 days, and what a controller does to it. */
function aStream(name = 'genwarden_tasks') {
  let config = { name, max_age: days(7), metadata: { owner: 'somebody' } } as unknown as StreamConfig;
  const look = (wanted: number, now: string): number => {
    config = { ...config, ...ageChange(config, { max_age: wanted }, now) };
    return config.max_age / days(1);
  };
  return { look, metadata: () => config.metadata };
}

test('an age is lowered one age after the retention was', () => {
  const { look, metadata } = aStream();
  expect(look(days(2), date(1))).toBe(7);
  expect(look(days(2), date(7, 23))).toBe(7);
  expect(look(days(2), date(8))).toBe(2);
  expect(metadata()).toEqual({ owner: 'somebody' });
});

test('a retention that changes again starts the wait again', () => {
  const { look } = aStream();
  look(days(3), date(1));
  expect(look(days(2), date(7))).toBe(7);
  expect(look(days(2), date(8))).toBe(7);
  expect(look(days(2), date(14))).toBe(2);
});

test('a retention that is raised back ends the wait', () => {
  const { look, metadata } = aStream();
  look(days(2), date(1));
  expect(look(days(7), date(2))).toBe(7);
  expect(metadata()).toEqual({ owner: 'somebody' });
  expect(look(days(2), date(8))).toBe(7);
});

test('buckets of values, and streams that keep everything, are left alone', () => {
  const leases = aStream('KV_genwarden_leader');
  leases.look(days(1), date(1));
  expect(leases.look(days(1), date(20))).toBe(7);
  const forever = { name: 'genwarden_tasks', max_age: 0 } as StreamConfig;
  expect(ageChange(forever, { max_age: days(1) }, date(1))).toBeUndefined();
  expect(ageChange({ ...forever, max_age: days(1) }, { max_age: 0 }, date(1))).toBeUndefined();
});
