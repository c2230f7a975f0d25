// A reservation whose first write is stored although its answer is lost: the change is applied again to the record that has it.

import { expect, test } from 'vitest';
import { holdFor, stampValidFor, type KeyRecord } from '../../../src/adapters/nats/keys/record.ts';
import { openRing } from '../../../src/adapters/nats/keys/ring.ts';
import type { Ledger, RecordKind, RecordStore } from '../../../src/adapters/nats/keys/store.ts';
import { monotonicFrom } from '../../../src/job/time.ts';

const start = 1_700_000_000_500;

/** Stores each change of a key twice, the second time `lateness` ms later. */
function forgetfulStore(time: { now: number }, lateness: number) {
  const records = new Map<string, unknown>();
  const store: RecordStore = {
    ledger: <T>(name: string, { empty }: RecordKind<T>): Ledger<T> => {
      const read = (): T => (records.get(name) as T | undefined) ?? empty(time.now);
      const change = (apply: (record: T, now: number) => T): Promise<boolean> => {
        records.set(name, apply(read(), time.now));
        time.now += lateness;
        records.set(name, apply(read(), time.now));
        return Promise.resolve(true);
      };
      return { read, change };
    },
    find: <T>(name: string) => records.get(name) as T | undefined,
    names: () => records.keys(),
    onChange: () => undefined,
    closing: new AbortController().signal,
  };
  return { store, record: () => [...records.values()][0] as KeyRecord };
}

function ringOver(lateness: number, requestsPerMinute: number) {
  const time = { now: start };
  const { store, record } = forgetfulStore(time, lateness);
  const clock = {
    now: () => time.now,
    offset: () => 0,
    monotonic: () => monotonicFrom(time.now),
    sleep: () => Promise.resolve(),
  };
  const keys = { pool: [{ secret: 'a key', requestsPerMinute, maxInFlight: 8 }] };
  const fingerprint = (secret: string): string => secret;
  const ring = openRing({ store, clock, keys, fingerprint, nextId: () => 'hold', holdFor, stampValidFor });
  return { ring, record };
}

const call = { model: 'model', tenant: 'default', task: 'job/0' };

test('its request is stamped again before it is sent, because the stored stamp is too old', async () => {
  const { ring, record } = ringOver(4_000, 10);
  const held = await ring.reserve('pool', call);
  if (!('secret' in held)) throw new Error('no call was admitted');
  const stampedAt = record().holds[0]!.second;
  expect(await held.send()).toBe(true);
  expect(record().holds[0]).toMatchObject({ sent: true });
  expect(record().holds[0]!.second).toBeGreaterThan(stampedAt);
});

test('it has the last request of the minute, rather than none', async () => {
  const { ring } = ringOver(100, 1);
  expect(await ring.reserve('pool', call)).toMatchObject({ secret: 'a key' });
});
