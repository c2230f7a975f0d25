// The Workload of a GenerationJob: what Kueue admits in place of the job. https://kueue.sigs.k8s.io/docs/concepts/workload/

import { createHash } from 'node:crypto';
import type { ApplyConfiguration, KubeObject, ResourceKey, ResourceType } from '../../../ports/kubernetes.ts';
import type { Condition } from '../../resources/conditions.ts';
import type { GenerationJob, GenerationJobSpec } from '../../resources/generationJob.ts';
import { apiVersion, generationJobType } from '../../resources/kinds.ts';

const group = 'kueue.x-k8s.io';
const version = 'v1beta2';

export const workloadType: ResourceType = { group, version, kind: 'Workload', plural: 'workloads' };
export const priorityClassType: ResourceType = {
  group,
  version,
  kind: 'WorkloadPriorityClass',
  plural: 'workloadpriorityclasses',
};

/** As every job of Kueue has them. https://kueue.sigs.k8s.io/docs/reference/labels-and-annotations/ */
const queueLabel = 'kueue.x-k8s.io/queue-name';
const priorityClassLabel = 'kueue.x-k8s.io/priority-class';
const jobUidLabel = 'kueue.x-k8s.io/job-uid';
/** On a Workload that spec.suspend deactivated. One that somebody else deactivated stays so. */
export const suspendedAnnotation = 'genwarden.dev/suspended';

/** The resource that a ClusterQueue limits: tasks at once. */
const taskResource = 'genwarden.dev/tasks';
/** As Kueue names the only pod set of a job. */
export const podSetName = 'main';

export interface WorkloadSpec {
  readonly queueName?: string;
  readonly active?: boolean;
  readonly priority?: number;
  readonly priorityClassRef?: { readonly name: string };
  readonly podSets?: readonly { readonly name: string; readonly count: number }[];
}

export interface WorkloadStatus {
  readonly conditions?: readonly Condition[];
  readonly admission?: { readonly clusterQueue: string };
  readonly reclaimablePods?: readonly { readonly name: string; readonly count: number }[];
}

export type Workload = KubeObject<WorkloadSpec, WorkloadStatus>;
export type PriorityClass = KubeObject & { readonly value: number };

/** The name of its LocalQueue; undefined without the label. */
export const queueOf = ({ metadata: { labels } }: GenerationJob): string | undefined =>
  labels?.[queueLabel] || undefined;

export const priorityClassOf = ({ metadata: { labels } }: GenerationJob): string | undefined =>
  labels?.[priorityClassLabel] || undefined;

/** The longest name that leaves room for the rest, of the 253 characters of a name. */
const mostOfName = 220;

/** As Kueue names them: the kind, the name and a hash, here of the uid. */
export function workloadKey({ metadata: { namespace, name, uid } }: GenerationJob): ResourceKey {
  const hash = createHash('sha256').update(uid).digest('hex').slice(0, 8);
  return { namespace, name: `generationjob-${name.slice(0, mostOfName)}-${hash}` };
}

export interface Priority {
  readonly name: string;
  readonly value: number;
}

/**
 * No pod runs for a task, so the set of pods has no containers, whose requests a LimitRange would complete with cpu and memory;
 * what each counts is its overhead.
 */
export function workloadOf(
  resource: GenerationJob,
  spec: Pick<GenerationJobSpec, 'tasks' | 'suspend'>,
  queueName: string,
  priority: Priority | undefined,
): ApplyConfiguration {
  const { name, uid } = resource.metadata;
  const owner = { apiVersion, kind: generationJobType.kind, name, uid, controller: true };
  const template = { spec: { containers: [], overhead: { [taskResource]: '1' } } };
  return {
    apiVersion: `${group}/${version}`,
    kind: workloadType.kind,
    metadata: {
      ...workloadKey(resource),
      labels: { [jobUidLabel]: uid },
      ...(spec.suspend && { annotations: { [suspendedAnnotation]: 'true' } }),
      ownerReferences: [owner],
    },
    spec: {
      queueName,
      ...(spec.suspend && { active: false }),
      ...(priority !== undefined && {
        priority: priority.value,
        priorityClassRef: { group, kind: priorityClassType.kind, name: priority.name },
      }),
      podSets: [{ name: podSetName, count: spec.tasks?.length ?? 1, template }],
    },
  };
}
