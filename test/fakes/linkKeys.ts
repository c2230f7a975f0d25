// The keys that sign links, in the memory of one process.

import { randomBytes } from 'node:crypto';
import { keysFrom, type LinkKey } from '../../src/job/linkKeys.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { LinkKeys } from '../../src/ports/linkKeys.ts';

export interface FakeLinkKeys extends LinkKeys {
  /** What an operator does who wants all links to be invalid. */
  removeAll(): void;
}

export function fakeLinkKeys({ now }: Pick<Clock, 'now'>): FakeLinkKeys {
  let keys: readonly LinkKey[] = [];
  const create = (): LinkKey => ({
    id: randomBytes(6).toString('hex'),
    secret: new Uint8Array(randomBytes(32)),
    since: now(),
  });
  return {
    current: () => {
      keys = keysFrom(keys, now(), create);
      return Promise.resolve(keys[0]!);
    },
    find: (id) => Promise.resolve(keys.find((key) => key.id === id)),
    removeAll: () => (keys = []),
  };
}
