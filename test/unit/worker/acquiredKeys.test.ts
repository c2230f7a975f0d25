// Keys are held for the work there is, and never for longer.

import { expect, test } from 'vitest';
import type { HeldKey } from '../../../src/ports/keyRing.ts';
import { AcquiredKeys } from '../../../src/worker/acquiredKeys.ts';
import { until } from '../../support/until.ts';

/** A ring whose keys come when the test says so. */
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

test('asks for as many as are wanted, once', () => {
  const { keys, asked } = aRing();
  keys.setTarget(2);
  keys.setTarget(3);
  expect(asked).toHaveLength(3);
});

test('a key that comes when fewer are wanted goes straight back', async () => {
  const { keys, give, released } = aRing();
  keys.setTarget(3);
  give('a');
  await keys.untilAcquired();
  keys.setTarget(1);
  give('b');
  await until(() => released.length > 0, { what: 'the key to go back' });
  expect(released).toEqual(['b unused']);
  expect(keys.take().secret).toBe('a');
  expect(() => keys.take()).toThrow('no key');
});

test('keys above what is wanted are given back', async () => {
  const { keys, give, released } = aRing();
  keys.setTarget(2);
  give('a');
  give('b');
  await until(() => keys.count === 2, { what: 'both keys' });
  keys.setTarget(1);
  expect(released).toHaveLength(1);
  expect(keys.count).toBe(1);
});

test('a stop ends every wait and gives back what is held', async () => {
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

test('a ring that fails is asked again', async () => {
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
