// The tests, in groups that run one after the other: the cheap ones first, whole processes on two cores last.
import { defineConfig } from 'vitest/config';

interface Group {
  name: string;
  include: string[];
  order: number;
  timeoutMs: number;
  /** Files at once. Default: one a core. */
  atOnce?: number;
}

const groups: Group[] = [
  { name: 'unit', include: ['test/unit/**', 'test/tidy/**', 'test/tidy'], order: 0, timeoutMs: 15_000 },
  { name: 'conformance', include: ['test/conformance/**'], order: 1, timeoutMs: 60_000, atOnce: 2 },
  { name: 'integration', include: ['test/integration/**'], order: 2, timeoutMs: 90_000, atOnce: 1 },
  { name: 'package', include: ['test/package'], order: 3, timeoutMs: 180_000, atOnce: 1 },
];

export default defineConfig({
  test: {
    globalSetup: ['test/support/natsOnPath.ts'],
    projects: groups.map(({ name, include, order, timeoutMs, atOnce }) => ({
      extends: true,
      test: {
        name,
        include: include.map((path) => (path.endsWith('**') ? `${path}/*.test.ts` : `${path}.test.ts`)),
        pool: 'forks',
        testTimeout: timeoutMs,
        hookTimeout: timeoutMs,
        ...(atOnce !== undefined && { maxWorkers: atOnce }),
        sequence: { groupOrder: order },
      },
    })),
  },
});
