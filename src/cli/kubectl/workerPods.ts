// Finds the pods of a worker by the worker's name.

import type { Cluster, ResourceKey } from '../../ports/kubernetes.ts';
import { podsAnywhere, podsIn, type Pod } from './pods.ts';

export interface WorkerPod extends ResourceKey {
  readonly restarted: boolean;
}

/**
 * The pods that the worker may run or have run in; none when they are gone. Usually one, but a worker's name contains only the
 * first part of its pod's name. Pools may be in other namespaces, which are searched if the user may list pods there.
 */
export async function podsOfWorker(cluster: Cluster, namespace: string, worker: string): Promise<readonly WorkerPod[]> {
  const isItsPod = (pod: Pod): boolean => runs(pod, worker);
  const here = (await podsIn(cluster, 'worker', namespace)).filter(isItsPod);
  const pods = here.length > 0 ? here : ((await podsAnywhere(cluster, 'worker')) ?? []).filter(isItsPod);
  return pods.map(({ metadata, status }) => ({
    namespace: metadata.namespace,
    name: metadata.name,
    restarted: status?.containerStatuses?.some(({ restartCount }) => restartCount > 0) === true,
  }));
}

/** A worker is called `worker-<host, cut to 40 characters>-<8 hexadecimal digits>`, and the host of a pod is its name. */
function runs({ metadata }: Pod, worker: string): boolean {
  const [, host] = /^worker-(.+)-[0-9a-f]{8}$/.exec(worker) ?? [];
  return host !== undefined && metadata.name.toLowerCase().slice(0, 40) === host;
}
