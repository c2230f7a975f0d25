// The records in a bucket: changes at the same time share a write, a conflict applies them again, and a write whose answer was
// lost is not applied twice.

import { JetStreamApiError } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { natsStore } from '../../../src/adapters/nats/keys/natsStore.ts';
import type { Codec } from '../../../src/adapters/nats/keys/codec.ts';
import type { BucketEntry } from '../../../src/adapters/nats/kv/mirror.ts';
import { virtualClock } from '../../fakes/clock.ts';

interface Sum {
  readonly sum: number;
}

const codec: Codec<Sum> = { decode: (value) => value as Sum, encode: (record) => ({ ...record }) };
const kind = { codec, empty: (): Sum => ({ sum: 0 }) };
const conflict = (): JetStreamApiError =>
  new JetStreamApiError({ code: 400, err_code: 10_071, description: 'wrong last sequence' });

/** A bucket with one record; each write first runs the next of `faults`. */
function aBucket(faults: ((store: (text: string) => void) => void)[] = []) {
  const entries = new Map<string, BucketEntry>();
  const stored: { revision: number; text: string }[] = [];
  const write = (text: string): void => void stored.push({ revision: stored.length + 1, text });
  const latest = (): BucketEntry | null => {
    const last = stored.at(-1);
    return last === undefined
      ? null
      : { key: 'money', revision: last.revision, value: new TextEncoder().encode(last.text) };
  };
  const kv = {
    put: async (_key: string, text: string, { previousSeq }: { previousSeq: number }) => {
      if (previousSeq !== stored.length) throw conflict();
      const fault = faults.shift();
      if (fault === undefined) write(text);
      else fault(() => write(text));
      return stored.length;
    },
    get: async () => latest(),
  };
  const mirror = {
    entries,
    apply: (entry: BucketEntry) => void entries.set(entry.key, entry),
    forget: (key: string) => void entries.delete(key),
    onChange: () => () => undefined,
  };
  const link = {
    closing: new AbortController().signal,
    whileConnected: <T>(request: () => Promise<T>): Promise<T> => request(),
    whenConnected: () => Promise.resolve(),
  };
  const store = natsStore({ link, kv, mirror, clock: virtualClock() } as unknown as Parameters<typeof natsStore>[0]);
  const other = (sum: number): void => write(JSON.stringify({ sum }));
  return { ledger: store.ledger('money', kind), stored, other };
}

const add = (amount: number) => (record: Sum) => ({ sum: record.sum + amount });
const sumOf = (text: string): number => (JSON.parse(text) as Sum).sum;

test('changes that wait for a write go into the next one together', async () => {
  const { ledger, stored } = aBucket();
  await Promise.all([1, 2, 3, 4].map((amount) => ledger.change(add(amount), 1_000)));
  expect(stored.map(({ text }) => sumOf(text))).toEqual([1, 10]);
});

test('a change that changes nothing is not written', async () => {
  const { ledger, stored } = aBucket();
  expect(await ledger.change((record) => record, 1_000)).toBe(true);
  expect(stored).toEqual([]);
});

test('after a conflict the change is applied to what the other process wrote', async () => {
  const { ledger, stored, other } = aBucket();
  other(100);
  expect(await ledger.change(add(1), 1_000)).toBe(true);
  expect(stored.map(({ text }) => sumOf(text))).toEqual([100, 101]);
});

test('a stored write whose answer was lost counts once, and later changes are added to it', async () => {
  const lost = (store: (text: string) => void): void => {
    store('');
    throw new Error('timeout');
  };
  const { ledger, stored } = aBucket([lost]);
  const first = ledger.change(add(1), 5_000);
  const second = ledger.change(add(10), 5_000);
  expect(await Promise.all([first, second])).toEqual([true, true]);
  expect(ledger.read().sum).toBe(11);
  expect(stored.map(({ text }) => sumOf(text))).toEqual([1, 11]);
});

test('an equal write of another process is not mistaken for the lost one', async () => {
  const bucket = aBucket([
    () => {
      bucket.other(1);
      throw new Error('timeout');
    },
  ]);
  expect(await bucket.ledger.change(add(1), 5_000)).toBe(true);
  expect(bucket.ledger.read().sum).toBe(2);
});

test('a change that finds no answer in time is given up', async () => {
  const silent = (): void => {
    throw new Error('timeout');
  };
  const { ledger } = aBucket(Array.from({ length: 100 }, () => silent));
  expect(await ledger.change(add(1), 30)).toBe(false);
});
