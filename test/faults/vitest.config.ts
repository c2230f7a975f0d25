// The fault suite on its own, with its table at the end: the quick faults, those of NATS, workers and
// controllers, and those that take a minute each.
import { defineConfig } from 'vitest/config';

/** `atOnce`: files. */
const group = (order: number, name: string, timeoutMs: number, atOnce: number) => ({
  extends: true as const,
  test: {
    name: `faults-${name}`,
    include: [`test/faults/${name}/*.test.ts`],
    pool: 'forks' as const,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    maxWorkers: atOnce,
    sequence: { groupOrder: order },
  },
});

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    globalSetup: ['test/support/natsOnPath.ts', 'test/faults/support/rows.ts'],
    // All but the quick ones mostly wait.
    projects: [group(1, 'quick', 90_000, 1), group(2, 'processes', 90_000, 2), group(3, 'long', 300_000, 2)],
  },
});
