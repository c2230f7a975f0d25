// Metrics, rules, dashboards and traces of real processes in a real Prometheus, and the runbooks of their alerts. `make prometheus-server` builds it.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    globalSetup: [
      'test/support/natsOnPath.ts',
      'test/observability/situation/shared.ts',
      'test/observability/values/valueRows.ts',
    ],
    include: ['test/observability/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
});
