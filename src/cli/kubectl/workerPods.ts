// From the name of a worker to its pod.

import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { clusterError, statusOf } from '../../adapters/kubernetes/clusterErrors.ts';

export interface WorkerPod {
  readonly namespace: string;
  readonly name: string;
  readonly restarted: boolean;
}

const workers = 'app.kubernetes.io/name=genwarden,app.kubernetes.io/component=worker';

/** The pods that the worker may run or have run in: one, or none where it is gone. Names of pods are cut in those of workers. */
export async function podsOfWorker(core: CoreV1Api, namespace: string, worker: string): Promise<readonly WorkerPod[]> {
  const here = await listWorkers(core, namespace);
  const found = here.filter((pod) => isOf(pod, worker));
  const pods = found.length > 0 ? found : (await listWorkers(core, undefined)).filter((pod) => isOf(pod, worker));
  return pods.map(({ metadata, status }) => ({
    namespace: metadata!.namespace!,
    name: metadata!.name!,
    restarted: status?.containerStatuses?.some(({ restartCount }) => restartCount > 0) === true,
  }));
}

/** A worker is `worker-<host, cut to 40 characters>-<8 hexadecimal digits>`, and the host of a pod is its name. */
function isOf({ metadata }: V1Pod, worker: string): boolean {
  const [, host] = /^worker-(.+)-[0-9a-f]{8}$/.exec(worker) ?? [];
  return host !== undefined && metadata?.name?.toLowerCase().slice(0, 40) === host;
}

/** Pools may be in other namespaces: there they are looked for by those who may. */
async function listWorkers(core: CoreV1Api, namespace: string | undefined): Promise<V1Pod[]> {
  try {
    const asked = { labelSelector: workers };
    if (namespace === undefined) return (await core.listPodForAllNamespaces(asked)).items;
    return (await core.listNamespacedPod({ ...asked, namespace })).items;
  } catch (error) {
    if (namespace === undefined && statusOf(error) === 403) return [];
    throw clusterError(error, `list pods in ${namespace === undefined ? 'all namespaces' : `namespace ${namespace}`}`);
  }
}
