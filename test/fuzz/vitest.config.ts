// schemathesis against a running installation: `make fuzz-http`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    globalSetup: ['test/support/natsOnPath.ts'],
    include: ['test/fuzz/*.test.ts'],
    pool: 'forks',
    testTimeout: 600_000,
    maxWorkers: 1,
  },
});
