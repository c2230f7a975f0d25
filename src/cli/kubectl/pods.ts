// Pods of Genwarden in a cluster, found by the labels that the chart gives them.

import { KubeError, type Cluster, type KubeObject, type ResourceKey } from '../../ports/kubernetes.ts';
import { clusterError } from './clusterError.ts';

export interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: {
    /** ISO 8601. */
    readonly startTime?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

type Component = 'api' | 'worker';

const podType = { group: '', version: 'v1', kind: 'Pod', plural: 'pods' };
const selectorOf = (component: Component): string =>
  `app.kubernetes.io/name=genwarden,app.kubernetes.io/component=${component}`;

/** Throws `ClusterForbidden` or `ClusterUnreachable`. */
export async function podsIn(cluster: Cluster, component: Component, namespace: string): Promise<readonly Pod[]> {
  try {
    return (await cluster.list<Pod>(podType, { namespace, labelSelector: selectorOf(component) })).items;
  } catch (error) {
    throw clusterError(error, `list pods in namespace ${namespace}`);
  }
}

/** Undefined when the user may not list pods in all namespaces. Throws `ClusterForbidden` or `ClusterUnreachable`. */
export async function podsAnywhere(cluster: Cluster, component: Component): Promise<readonly Pod[] | undefined> {
  try {
    return (await cluster.list<Pod>(podType, { labelSelector: selectorOf(component) })).items;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return undefined;
    throw clusterError(error, 'list pods in all namespaces');
  }
}

export interface WorkerPod extends ResourceKey {
  readonly restarted: boolean;
}

/**
 * The pods that the worker may run or have run in; empty if they no longer exist. Usually one, but workers of earlier versions
 * have only the first 40 characters of their pod's name. Pools may be in other namespaces, which are searched if the user may list pods
 * there.
 */
export async function podsOfWorker(cluster: Cluster, namespace: string, worker: string): Promise<readonly WorkerPod[]> {
  const isItsPod = (pod: Pod): boolean => runs(pod, worker);
  const nearby = (await podsIn(cluster, 'worker', namespace)).filter(isItsPod);
  const pods = nearby.length > 0 ? nearby : ((await podsAnywhere(cluster, 'worker')) ?? []).filter(isItsPod);
  return pods.map(({ metadata, status }) => ({
    namespace: metadata.namespace,
    name: metadata.name,
    restarted: status?.containerStatuses?.some(({ restartCount }) => restartCount > 0) === true,
  }));
}

/** A worker is called `worker-<host>-<8 hexadecimal digits>`, and the host of a pod is its name. */
function runs({ metadata }: Pod, worker: string): boolean {
  const [, host] = /^worker-(.+)-[0-9a-f]{8}$/.exec(worker) ?? [];
  const pod = metadata.name.toLowerCase();
  return host !== undefined && (pod.slice(0, 63) === host || pod.slice(0, 40) === host);
}
