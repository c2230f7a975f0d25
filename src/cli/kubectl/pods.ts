// Pods of Genwarden in a cluster, found by the labels that the chart gives them.

import { KubeError, type Cluster, type KubeObject } from '../../ports/kubernetes.ts';
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
