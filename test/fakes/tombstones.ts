// Tombstones in the memory of one process.
import type { Tombstones } from '../../src/ports/tombstones.ts';

export function fakeTombstones(): Tombstones {
  const texts = new Map<string, string>();
  return {
    find: async (key) => texts.get(key),
    put: async (key, text) => void texts.set(key, text),
    clear: async (key) => void texts.delete(key),
  };
}
