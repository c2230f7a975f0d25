// What is wrong with an installation, seen from the Kubernetes API: works while Genwarden's API, operator and NATS are down.

import { KubeError, type Cluster, type Pods } from '../../../ports/kubernetes.ts';
import { failed, noted, type Check } from '../../../jobs/doctor/check.ts';
import { componentChecks } from './components.ts';
import { installationCheck, jobChecks } from './jobs.ts';
import { kueueChecks } from './kueue.ts';
import { workerPoolChecks } from './pools.ts';
import { secretChecks } from './secrets.ts';
import { definitionChecks, policyChecks, volumeChecks } from './surroundings.ts';
import { viewCluster, type ClusterView } from './view.ts';

/** Never throws. `namespace`: of the installation; undefined: it is searched. `now`: by this machine's clock, ms. */
export async function checkCluster(
  cluster: Pick<Cluster, 'list' | 'get'> & Pick<Pods, 'log'> & { readonly host: string },
  namespace: string | undefined,
  now: number,
): Promise<(Check & { readonly seenBy: string })[]> {
  const seenBy = `the Kubernetes API at ${cluster.host}`;
  return (await checked(cluster, namespace, now)).map((check) => ({ ...check, seenBy }));
}

async function checked(...of: Parameters<typeof viewCluster>): Promise<Check[]> {
  try {
    return judge(await viewCluster(...of));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const advice = 'Check the kubeconfig: `kubectl cluster-info`, `kubectl auth whoami`.';
    return [failed('kubernetes', `no answer: ${error.message}`, advice)];
  }
}

/** Causes before what follows from them. Pure. */
export function judge(view: ClusterView): Check[] {
  const { workloads, pods, namespace, unread } = view;
  const limits =
    unread.length === 0
      ? []
      : [noted('rights', `your user may not ${unread.join(', ')}`, 'What needs them was not checked.')];
  if (namespace === undefined || (workloads.length === 0 && pods.length === 0)) {
    const where = namespace === undefined ? 'the cluster' : `namespace ${namespace}`;
    const advice = 'Name its namespace with --installation-namespace, or install it: `helm install`.';
    return [
      failed('installation', `there is no Genwarden in ${where} (no object has its labels)`, advice),
      ...definitionChecks(view),
      ...limits,
    ];
  }
  return [
    installationCheck(view),
    ...definitionChecks(view),
    ...volumeChecks(view),
    ...secretChecks(view),
    ...componentChecks(view),
    ...policyChecks(view),
    ...workerPoolChecks(view),
    ...jobChecks(view),
    ...kueueChecks(view),
    ...limits,
  ];
}
