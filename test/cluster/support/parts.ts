// Stops and starts the cluster's own parts (API server, kubelet …) for fault tests: only of a node that this machine runs for
// them, never of a cluster that KUBECONFIG names.
import { join } from 'node:path';
import { until } from '../../support/until.ts';
import { tryKubectl } from './kubectl.ts';
import { run } from './run.ts';

export type ClusterPart =
  | 'etcd'
  | 'containerd'
  | 'apiserver'
  | 'controller-manager'
  | 'scheduler'
  | 'kubelet'
  | 'kube-proxy'
  | 'coredns';

const script = join(import.meta.dirname, '../../../hack/cluster/cluster.sh');

/** By SIGKILL; it stays down until `startPart`. Throws where the cluster is not a node of ours. */
export async function stopPart(part: ClusterPart): Promise<void> {
  if (process.env['CLUSTER_ID'] === undefined)
    throw new Error(`cannot stop ${part}: the cluster is not a node of ours`);
  await run(script, ['stop', part]);
}

/** Does not wait until it works again; see `untilApiServer`. */
export async function startPart(part: ClusterPart): Promise<void> {
  await run(script, ['start', part]);
}

/** Until the API server answers again, some seconds after its start. */
export async function untilApiServer(timeoutMs = 60_000): Promise<void> {
  const answers = async (): Promise<boolean> => (await tryKubectl(['get', '--raw', '/readyz'])).code === 0;
  await until(answers, { what: 'the API server', timeoutMs, intervalMs: 250 });
}
