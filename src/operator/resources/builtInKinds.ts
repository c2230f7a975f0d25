// The built-in kinds that a pool consists of, with the fields that the operator reads.

import type { KubeObject, ResourceType } from '../../ports/kubernetes.ts';

export const deploymentType: ResourceType = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
};
export const podType: ResourceType = { group: '', version: 'v1', kind: 'Pod', plural: 'pods' };
export const secretType: ResourceType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets' };
export const configMapType: ResourceType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
export const disruptionBudgetType: ResourceType = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
};

export interface KubeCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface DeploymentSpec {
  readonly replicas?: number;
  readonly template?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
}

interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly conditions?: readonly KubeCondition[];
}

export type Deployment = KubeObject<DeploymentSpec, DeploymentStatus>;

export interface ContainerStatus {
  readonly name: string;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  readonly lastState?: {
    readonly terminated?: { readonly exitCode?: number; readonly reason?: string; readonly message?: string };
  };
}

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly KubeCondition[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

export type Pod = KubeObject<{ readonly nodeName?: string }, PodStatus>;

/** Values in base64. */
export type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };

export const conditionOf = <Condition extends { readonly type: string }>(
  { status }: { readonly status?: { readonly conditions?: readonly Condition[] | undefined } },
  type: string,
): Condition | undefined => status?.conditions?.find((condition) => condition.type === type);
