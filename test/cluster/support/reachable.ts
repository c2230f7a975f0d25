// Global setup: fails at once if there is no cluster, because every test would fail otherwise.
import { attempt } from './run.ts';

export async function setup(): Promise<void> {
  if (process.env['KUBECONFIG'] === undefined) {
    throw new Error('cluster tests need a cluster: run `make test-cluster`, or set KUBECONFIG');
  }
  const { code, stderr } = await attempt('kubectl', ['get', 'nodes'], { timeoutMs: 30_000 });
  if (code !== 0) throw new Error(`the cluster of KUBECONFIG does not answer: ${stderr}`);
}
