// What the use cases read of the key ring, as a test scripts it: no key, no block and no spending unless it says otherwise.

import type { Block } from '../../src/job/block.ts';
import type { KeyRingView } from '../../src/jobs/context.ts';

export interface ScriptedKeys extends KeyRingView {
  /** The answer of `block`. */
  blocked: Block | undefined;
  /** Tells all listeners that a record of the pool changed. */
  notify(pool: string): void;
}

export function scriptedKeys(over: Partial<KeyRingView> = {}): ScriptedKeys {
  const listeners = new Set<(pool: string) => void>();
  const keys: ScriptedKeys = {
    blocked: undefined,
    notify: (pool) => listeners.forEach((listen) => listen(pool)),
    state: async () => [],
    block: () => keys.blocked,
    outages: () => [],
    spending: () => [],
    onChange: (listener, signal) => {
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
    },
    ...over,
  };
  return keys;
}
