// The tests, in groups that run one after the other: the cheap ones first, whole processes on two cores last.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

interface Group {
  name: string;
  include: string[];
  timeoutMs: number;
  /** Files at once. */
  atOnce: number;
}

const cores = Math.max(2, availableParallelism());

const groups: Group[] = [
  { name: 'unit', include: ['test/unit/**', 'test/tidy/**', 'test/tidy'], timeoutMs: 15_000, atOnce: cores },
  { name: 'simulation', include: ['test/simulation/**'], timeoutMs: 120_000, atOnce: 2 },
  { name: 'model', include: ['test/model/**'], timeoutMs: 120_000, atOnce: 2 },
  { name: 'conformance', include: ['test/conformance/**'], timeoutMs: 60_000, atOnce: 2 },
  { name: 'integration', include: ['test/integration/**'], timeoutMs: 90_000, atOnce: 2 },
  { name: 'clients', include: ['test/clients/**'], timeoutMs: 120_000, atOnce: 2 },
  { name: 'examples', include: ['test/examples/**'], timeoutMs: 90_000, atOnce: 2 },
  { name: 'package', include: ['test/package'], timeoutMs: 180_000, atOnce: 1 },
];

export default defineConfig({
  test: {
    globalSetup: ['test/support/natsOnPath.ts'],
    projects: groups.map(({ name, include, timeoutMs, atOnce }, index) => ({
      extends: true,
      test: {
        name,
        include: include.map((path) => (path.endsWith('**') ? `${path}/*.test.ts` : `${path}.test.ts`)),
        pool: 'forks',
        testTimeout: timeoutMs,
        hookTimeout: timeoutMs,
        maxWorkers: atOnce,
        // From 1 on: vitest puts single-worker groups of order 0 last.
        sequence: { groupOrder: index + 1 },
      },
    })),
  },
});
