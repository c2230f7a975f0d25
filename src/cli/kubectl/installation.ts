// Finds the Genwarden installation in a cluster by its API pods.

import { GenwardenError } from '../../job/errors/index.ts';
import type { Cluster } from '../../ports/kubernetes.ts';
import { podsAnywhere, podsIn, type Pod } from './pods.ts';

export interface Installation {
  readonly namespace: string;
  /** Name of the Helm release; empty when the pods have no label for it. */
  readonly release: string;
}

export interface ApiPod {
  readonly name: string;
  readonly port: number;
}

/** Searched when the user may not list pods in all namespaces. */
const defaultNamespace = 'genwarden';

/** Throws `InstallationNotFound` unless there is exactly one; also `ClusterForbidden` and `ClusterUnreachable`. */
export async function findInstallation(cluster: Cluster, namespace: string | undefined): Promise<Installation> {
  const pods = await apiPods(cluster, namespace);
  const found = new Map(pods.map((pod) => [`${pod.metadata.namespace}/${releaseOf(pod)}`, pod]));
  const [first, ...others] = found.values();
  if (first === undefined) {
    const where = namespace === undefined ? 'the cluster' : `namespace ${namespace}`;
    throw new GenwardenError('InstallationNotFound', `There is no Genwarden API pod in ${where}`);
  }
  if (others.length > 0) {
    const message = `The cluster has several installations: ${[...found.keys()].join(', ')}`;
    throw new GenwardenError('InstallationNotFound', message);
  }
  return { namespace: first.metadata.namespace, release: releaseOf(first) };
}

/** The newest ready API pod, so that connections follow a rollout. Throws like `findInstallation`. */
export async function readyApiPod(cluster: Cluster, { namespace, release }: Installation): Promise<ApiPod> {
  const pods = (await podsIn(cluster, 'api', namespace)).filter((pod) => releaseOf(pod) === release);
  const ready = pods.filter(isReady).toSorted((a, b) => startOf(b) - startOf(a));
  const [pod] = ready;
  if (pod === undefined) {
    const message = `No API pod in namespace ${namespace} is ready (${pods.length} found)`;
    throw new GenwardenError('InstallationNotFound', message);
  }
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  return { name: pod.metadata.name, port: ports.find(({ name }) => name === 'http')?.containerPort ?? 8080 };
}

/** The chart's `fullname` of this release, which its object names start with. */
export const fullnameOf = ({ release }: Installation): string =>
  release.includes('genwarden') ? release : `${release}-genwarden`;

const releaseOf = (pod: Pod): string => pod.metadata.labels?.['app.kubernetes.io/instance'] ?? '';
const startOf = (pod: Pod): number => Date.parse(pod.status?.startTime ?? '') || 0;

function isReady({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

async function apiPods(cluster: Cluster, namespace: string | undefined): Promise<readonly Pod[]> {
  if (namespace !== undefined) return podsIn(cluster, 'api', namespace);
  return (await podsAnywhere(cluster, 'api')) ?? podsIn(cluster, 'api', defaultNamespace);
}
