// Faults at the edges: full disks, memory at its limit, hostile schemas, many downloads, broken references, revoked tokens. Their
// table is printed at the end.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('../../..', import.meta.url).pathname,
  test: {
    globalSetup: ['test/support/natsOnPath.ts', 'test/faults/edges/edgeRows.ts'],
    include: ['test/faults/edges/*.test.ts'],
    pool: 'forks',
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // They mostly wait.
    maxWorkers: 2,
  },
});
