// Tests in a real cluster, one file at a time because they share a node of two cores. `make test-cluster` and
// `make cluster-faults` start them with KUBECONFIG, kubectl and helm in the network of the node. The faults are a separate
// project because each takes a minute.
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
