// The fault suite on its own, with its table at the end: the quick faults, those of NATS, workers and
// controllers, and those that take a minute each.
import { defineConfig } from 'vitest/config';

const group = (name: string, timeoutMs: number) => ({
  extends: true as const,
  test: {
    name: `faults-${name}`,
    include: [`test/faults/${name}/*.test.ts`],
    pool: 'forks' as const,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    maxWorkers: 1,
  },
});

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    globalSetup: ['test/support/natsOnPath.ts', 'test/faults/support/rows.ts'],
    projects: [group('quick', 90_000), group('processes', 90_000), group('long', 300_000)],
  },
});
