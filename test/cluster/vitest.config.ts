// The tests in a real cluster: one file after the other, since they share a node of two cores. Started by
// `make test-cluster`, which gives them KUBECONFIG, kubectl and helm, and puts them into the node's network.
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const root = new URL('../..', import.meta.url).pathname;

export default defineConfig({
  root,
  test: {
    name: 'cluster',
    include: ['test/cluster/*.test.ts', 'test/cluster/faults/*.test.ts'],
    globalSetup: ['test/cluster/support/reachable.ts', 'test/cluster/faults/table.ts'].filter((path) =>
      existsSync(`${root}${path}`),
    ),
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
