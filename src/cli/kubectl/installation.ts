// Finds Genwarden in a cluster, by the labels that its chart gives the pods of the API.

import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { GenwardenError } from '../../job/errors/index.ts';
import { clusterError, statusOf } from '../../adapters/kubernetes/clusterErrors.ts';

export interface Installation {
  readonly namespace: string;
  /** Name of the Helm release; empty where the pods have no such label. */
  readonly release: string;
}

export interface ApiPod {
  readonly name: string;
  readonly port: number;
}

const apiPods = 'app.kubernetes.io/name=genwarden,app.kubernetes.io/component=api';
/** Looked into where the user may not look everywhere. */
const usualNamespace = 'genwarden';

/** Throws `InstallationNotFound`, also where there are several, `ClusterForbidden` or `ClusterUnreachable`. */
export async function findInstallation(core: CoreV1Api, namespace: string | undefined): Promise<Installation> {
  const pods = namespace === undefined ? await podsAnywhere(core) : await podsIn(core, namespace);
  const found = new Map(pods.map((pod) => [`${pod.metadata!.namespace}/${releaseOf(pod)}`, pod]));
  const [first, ...others] = found.values();
  if (first === undefined) {
    const where = namespace === undefined ? 'the cluster' : `namespace ${namespace}`;
    throw new GenwardenError('InstallationNotFound', `There is no pod of a Genwarden API in ${where}`);
  }
  if (others.length > 0) {
    const message = `There are several installations: ${[...found.keys()].join(', ')}`;
    throw new GenwardenError('InstallationNotFound', message);
  }
  return { namespace: first.metadata!.namespace!, release: releaseOf(first) };
}

/** A pod of the API that is ready; the newest last, so that a rollout is followed. Throws like `findInstallation`. */
export async function readyApiPod(core: CoreV1Api, { namespace, release }: Installation): Promise<ApiPod> {
  const pods = (await podsIn(core, namespace)).filter((pod) => releaseOf(pod) === release);
  const ready = pods.filter(isReady).toSorted((a, b) => startOf(b) - startOf(a));
  const [pod] = ready;
  if (pod === undefined) {
    const message = `No pod of the API in namespace ${namespace} is ready (there are ${pods.length})`;
    throw new GenwardenError('InstallationNotFound', message);
  }
  const ports = pod.spec!.containers.flatMap((container) => container.ports ?? []);
  return { name: pod.metadata!.name!, port: ports.find(({ name }) => name === 'http')?.containerPort ?? 8080 };
}

/** As the chart names what it makes for this release. */
export const fullnameOf = ({ release }: Installation): string =>
  release.includes('genwarden') ? release : `${release}-genwarden`;

const releaseOf = (pod: V1Pod): string => pod.metadata?.labels?.['app.kubernetes.io/instance'] ?? '';
const startOf = (pod: V1Pod): number => pod.status?.startTime?.getTime() ?? 0;

function isReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

async function podsAnywhere(core: CoreV1Api): Promise<V1Pod[]> {
  try {
    return (await core.listPodForAllNamespaces({ labelSelector: apiPods })).items;
  } catch (error) {
    if (statusOf(error) !== 403) throw clusterError(error, 'list pods in all namespaces');
    return podsIn(core, usualNamespace);
  }
}

async function podsIn(core: CoreV1Api, namespace: string): Promise<V1Pod[]> {
  try {
    return (await core.listNamespacedPod({ namespace, labelSelector: apiPods })).items;
  } catch (error) {
    throw clusterError(error, `list pods in namespace ${namespace}`);
  }
}
