// Pools in the memory of one process.

import type { PoolDeclaration, PoolRegistry } from '../../src/ports/poolRegistry.ts';

export function fakePoolRegistry(): PoolRegistry {
  const pools = new Map<string, PoolDeclaration>();
  const listeners = new Set<(pool: PoolDeclaration) => void>();
  return {
    find: (name) => pools.get(name),
    list: () => [...pools.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    declare: (pool) => {
      const same = JSON.stringify(pools.get(pool.name)) === JSON.stringify(pool);
      if (!same) {
        pools.set(pool.name, structuredClone(pool));
        for (const listener of listeners) listener(pool);
      }
      return Promise.resolve();
    },
    remove: (name) => {
      pools.delete(name);
      return Promise.resolve();
    },
    onChange: (listener, signal) => {
      if (signal.aborted) return;
      for (const pool of pools.values()) listener(pool);
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
    },
  };
}
