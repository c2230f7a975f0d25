// Reads what `doctor` judges, with the rights of the kubeconfig's user: what they may not read is left out and named.

import { mapLimit } from '../../../async/mapLimit.ts';
import { KubeError, type Cluster, type KubeObject, type Pods, type ResourceType } from '../../../ports/kubernetes.ts';
import type { GenerationJob } from '../../../operator/resources/generationJob.ts';
import { generationJobType, workerPoolType } from '../../../operator/resources/kinds.ts';
import type { WorkerPool } from '../../../operator/resources/workerPool.ts';
import { lastWords } from './lastWords.ts';
import { deploymentType, podType, type Secret, secretType } from '../../../operator/resources/builtInKinds.ts';
import {
  claimType,
  componentOf,
  type Definition,
  definitionType,
  eventType,
  type KubeEvent,
  type Pod,
  policyType,
  statefulSetType,
  storageClassType,
  type VolumeClaim,
  type Workload,
} from './kinds.ts';

export interface ClusterView {
  /** `host:port` of the API server. */
  readonly server: string;
  /** By this machine's clock, ms. */
  readonly now: number;
  /** The namespace of the installation; undefined: none was found. */
  readonly namespace: string | undefined;
  /** Of this namespace. */
  readonly workloads: readonly Workload[];
  readonly pods: readonly Pod[];
  readonly events: readonly KubeEvent[];
  readonly claims: readonly VolumeClaim[];
  readonly policies: readonly KubeObject[];
  /** Undefined: not readable, as most below. */
  readonly storageClasses: readonly KubeObject[] | undefined;
  readonly definitions: readonly Definition[] | undefined;
  /** Of all namespaces, or those that are readable. */
  readonly operators: readonly Workload[];
  readonly pools: readonly WorkerPool[];
  readonly jobs: readonly GenerationJob[];
  /** The entries of Secrets that are named somewhere, by name. */
  readonly secrets: ReadonlyMap<string, ReadonlySet<string> | 'missing' | 'unreadable'>;
  /** The last complaint in the log of a pod that is not well, by name. */
  readonly words: ReadonlyMap<string, string>;
  /** Such as `list pods in namespace genwarden`. */
  readonly unread: readonly string[];
}

/** ms in which an operator acts on a new resource, or a changed one. */
export const actsWithin = 15_000;

const ofGenwarden = 'app.kubernetes.io/name=genwarden';

interface Reader {
  readonly cluster: Pick<Cluster, 'list' | 'get'>;
  readonly unread: string[];
}

/** `namespace`: of the installation; undefined: it is searched. Throws `KubeError` if the API server does not answer. */
export async function viewCluster(
  cluster: Pick<Cluster, 'list' | 'get'> & Pick<Pods, 'log'> & { readonly host: string },
  namespace: string | undefined,
  now: number,
): Promise<ClusterView> {
  const reader: Reader = { cluster, unread: [] };
  const everywhere = (await list<Workload>(reader, deploymentType, { labelSelector: ofGenwarden })) ?? [];
  const place = namespace ?? placeOf(everywhere);
  const [local, pools, jobs, storageClasses, definitions] = await Promise.all([
    viewNamespace(reader, place),
    list<WorkerPool>(reader, workerPoolType),
    list<GenerationJob>(reader, generationJobType),
    list<KubeObject>(reader, storageClassType),
    list<Definition>(reader, definitionType, { labelSelector: ofGenwarden }),
  ]);
  const inPlace =
    pools ?? (place === undefined ? [] : await list<WorkerPool>(reader, workerPoolType, { namespace: place })) ?? [];
  const operators = (everywhere.length > 0 ? everywhere : local.workloads).filter(
    (one) => componentOf(one) === 'operator',
  );
  const [secrets, words] = await Promise.all([
    readSecrets(reader, place, [...namedByPods(local.workloads), ...namedByPools(inPlace, place)]),
    lastWords(cluster, local.pods, now),
  ]);
  const rest = { pools: inPlace, jobs: jobs ?? [], storageClasses, definitions, operators, secrets, words };
  return { server: cluster.host, now, namespace: place, ...local, ...rest, unread: reader.unread.toSorted() };
}

/** The namespace of the only installation, or of the first one. */
function placeOf(workloads: readonly Workload[]): string | undefined {
  const control = workloads.filter((one) => ['operator', 'api', 'controller'].includes(componentOf(one)));
  return (
    control.map(({ metadata }) => metadata.namespace).toSorted()[0] ?? (workloads.length > 0 ? undefined : 'genwarden')
  );
}

async function viewNamespace(reader: Reader, namespace: string | undefined) {
  if (namespace === undefined) return { workloads: [], pods: [], events: [], claims: [], policies: [] };
  const ours = { namespace, labelSelector: ofGenwarden };
  const [deployments = [], sets = [], pods = [], events = [], claims = [], policies = []] = await Promise.all([
    list<Workload>(reader, deploymentType, ours),
    list<Workload>(reader, statefulSetType, ours),
    list<Pod>(reader, podType, ours),
    list<KubeEvent>(reader, eventType, { namespace }),
    list<VolumeClaim>(reader, claimType, { namespace }),
    list<KubeObject>(reader, policyType, { namespace }),
  ]);
  return { workloads: [...deployments, ...sets], pods, events, claims, policies };
}

interface Where {
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/** Undefined if the user may not read them, or the kind is not installed. */
async function list<T extends KubeObject>(
  { cluster, unread }: Reader,
  type: ResourceType,
  where: Where = {},
): Promise<readonly T[] | undefined> {
  try {
    return (await cluster.list<T>(type, where)).items;
  } catch (error) {
    if (!(error instanceof KubeError) || (error.status !== 403 && error.status !== 404)) throw error;
    if (error.status === 403) unread.push(`list ${type.plural} in ${spaceText(where.namespace)}`);
    return undefined;
  }
}

const spaceText = (namespace: string | undefined): string =>
  namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;

/** Secrets that containers read variables from; those of volumes show up as events. */
const namedByPods = (workloads: readonly Workload[]): string[] =>
  workloads.flatMap(({ spec }) =>
    spec.template.spec.containers.flatMap(({ env = [] }) =>
      env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
    ),
  );

const namedByPools = (pools: readonly WorkerPool[], place: string | undefined): string[] =>
  pools
    .filter(({ metadata }) => metadata.namespace === place)
    .flatMap(({ spec }) => (spec?.keys ?? []).map(({ secretKeyRef }) => secretKeyRef.name));

const secretsAtATime = 8;

async function readSecrets({ cluster, unread }: Reader, namespace: string | undefined, names: readonly string[]) {
  const found = new Map<string, ReadonlySet<string> | 'missing' | 'unreadable'>();
  if (namespace === undefined) return found;
  await mapLimit(secretsAtATime, [...new Set(names)], async (name) => {
    try {
      const secret = await cluster.get<Secret>(secretType, { namespace, name });
      const filled = Object.entries(secret?.data ?? {}).filter(([, value]) => value !== '');
      found.set(name, secret === undefined ? 'missing' : new Set(filled.map(([key]) => key)));
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 403) throw error;
      found.set(name, 'unreadable');
    }
  });
  if ([...found.values()].includes('unreadable')) unread.push(`get secrets in namespace ${namespace}`);
  return found;
}
