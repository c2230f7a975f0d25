// Tests in a real browser, Chromium, against real processes. `make test-browser` installs it. The table of what the browser
// tried is printed at the end.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    globalSetup: ['test/support/natsOnPath.ts', 'test/browser/rows.ts'],
    include: ['test/browser/*.test.ts', 'test/browser/console/*.test.ts'],
    pool: 'forks',
    testTimeout: 180_000,
    hookTimeout: 60_000,
    // As long as a page may take for anything, on a loaded machine.
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 1,
  },
});
