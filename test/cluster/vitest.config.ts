// The tests in a real cluster, one file after the other, since they share a node of two cores. Started by
// `make test-cluster` and `make cluster-faults`, which give them KUBECONFIG, kubectl and helm, and put them into the node's
// network. The faults are a project of their own, as they take a minute each.
import { defineConfig } from 'vitest/config';

const group = (name: string, folder: string, timeoutMs: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`${folder}/*.test.ts`],
    pool: 'forks' as const,
    maxWorkers: 1,
    testTimeout: timeoutMs,
    hookTimeout: 300_000,
  },
});

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    globalSetup: ['test/cluster/support/reachable.ts', 'test/cluster/faults/table.ts'],
    projects: [group('cluster', 'test/cluster', 120_000), group('faults', 'test/cluster/faults', 300_000)],
  },
});
