// A worker holds keys only while the queue has work for them.

import { expect, test } from 'vitest';
import type { AcquiredKey as HeldKey } from '../../../src/ports/keyRing.ts';
import { AcquiredKeys } from '../../../src/worker/acquiredKeys.ts';
import { until } from '../../support/until.ts';

/** A key ring that grants keys when the test says so. */
function aRing() {
  const asked: ((key: HeldKey) => void)[] = [];
  const refused: ((error: Error) => void)[] = [];
  const released: string[] = [];
  const stop = new AbortController();
  const errors: unknown[] = [];
  const acquire = (_pool: string, signal: AbortSignal): Promise<HeldKey> =>
    new Promise((resolve, reject) => {
      asked.push(resolve);
      refused.push(reject);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  const give = (name: string): void =>
    asked.shift()!({
      secret: name,
      fingerprint: name,
      release: ({ outcome }) => void released.push(`${name} ${outcome}`),
    });
  const ring = { acquire, state: () => Promise.resolve([]) };
  const keys = new AcquiredKeys({ ring, pool: 'p', signal: stop.signal, onError: (error) => void errors.push(error) });
  return { keys, give, asked, refused, released, stop, errors };
}

test('requests each missing key once', () => {
  const { keys, asked } = aRing();
  keys.setTarget(2);
  keys.setTarget(3);
  expect(asked).toHaveLength(3);
});

test('a key that arrives after the target has dropped is released immediately', async () => {
  const { keys, give, released } = aRing();
  keys.setTarget(3);
  give('a');
  await keys.untilAcquired();
  keys.setTarget(1);
  give('b');
  await until(() => released.length > 0, { what: 'the release of the key' });
  expect(released).toEqual(['b unused']);
  expect(keys.take().secret).toBe('a');
  expect(() => keys.take()).toThrow('no key');
});

test('surplus keys are released', async () => {
  const { keys, give, released } = aRing();
  keys.setTarget(2);
  give('a');
  give('b');
  await until(() => keys.count === 2, { what: 'both keys' });
  keys.setTarget(1);
  expect(released).toHaveLength(1);
  expect(keys.count).toBe(1);
});

test('a stop ends every wait and releases held keys', async () => {
  const { keys, give, released, stop, errors } = aRing();
  keys.setTarget(2);
  give('a');
  await keys.untilAcquired();
  stop.abort();
  keys.close();
  await keys.untilAcquired();
  expect(released).toEqual(['a unused']);
  expect(errors).toEqual([]);
});

test('a failed request for a key is retried', async () => {
  const { keys, give, asked, refused, errors } = aRing();
  keys.setTarget(1);
  asked.shift();
  refused[0]!(new Error('broken'));
  await until(() => asked.length === 1, { what: 'the next try' });
  expect(errors).toHaveLength(1);
  give('a');
  await keys.untilAcquired();
  expect(keys.count).toBe(1);
});
