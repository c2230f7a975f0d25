// A key ring that reads the server's own records: what every process would know without delay.

import { openRing, type OpenRing } from '../../src/adapters/nats/keys/ring.ts';
import { holdFor, stampValidFor } from '../../src/adapters/nats/keys/record.ts';
import type { RecordStore } from '../../src/adapters/nats/keys/store.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Bucket } from './bucket.ts';

export const fingerprintOf = (secret: string): string => `fp-${secret}`;

export function ringOfServer({ entries, observers }: Bucket, clock: Clock): OpenRing {
  const find = <T>(name: string): T | undefined => entries.get(name)?.value as T | undefined;
  const store: RecordStore = {
    ledger: (name, { empty }) => {
      return { read: () => find(name) ?? empty(clock.now()), change: () => Promise.resolve(false) };
    },
    find,
    names: () => entries.keys(),
    onChange: (listener) => void observers.push(listener),
    closing: new AbortController().signal,
  };
  const options = { clock, keys: {}, fingerprint: fingerprintOf, nextId: () => '', holdFor, stampValidFor };
  return openRing({ ...options, store });
}
