// The kinds that only `doctor` reads, and the fields that it looks at.

import type { KubeCondition } from '../../../operator/resources/builtInKinds.ts';
import type { KubeObject, ResourceType } from '../../../ports/kubernetes.ts';

const kind = (group: string, plural: string, name: string, version = 'v1'): ResourceType => ({
  group,
  version,
  kind: name,
  plural,
});

export const statefulSetType = kind('apps', 'statefulsets', 'StatefulSet');
export const eventType = kind('', 'events', 'Event');
export const claimType = kind('', 'persistentvolumeclaims', 'PersistentVolumeClaim');
export const storageClassType = kind('storage.k8s.io', 'storageclasses', 'StorageClass');
export const policyType = kind('networking.k8s.io', 'networkpolicies', 'NetworkPolicy');
export const definitionType = kind('apiextensions.k8s.io', 'customresourcedefinitions', 'CustomResourceDefinition');

interface EnvVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean };
  };
}

interface Container {
  readonly name: string;
  readonly env?: readonly EnvVariable[];
  readonly resources?: { readonly limits?: { readonly memory?: string } };
}

interface PodSpec {
  readonly containers: readonly Container[];
}

export interface Workload extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly template: { readonly spec: PodSpec } };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly conditions?: readonly KubeCondition[];
  };
}

interface Ended {
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly finishedAt?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: Ended;
  };
  readonly lastState?: { readonly terminated?: Ended };
}

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly KubeCondition[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface KubeEvent extends KubeObject {
  readonly involvedObject: { readonly kind: string; readonly name: string };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

export interface VolumeClaim extends KubeObject {
  readonly spec: { readonly storageClassName?: string };
  readonly status?: { readonly phase?: string };
}

export interface Definition extends KubeObject {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served?: boolean;
      readonly storage?: boolean;
      readonly schema?: { readonly openAPIV3Schema?: Schema };
    }[];
  };
  /** Versions that objects in etcd may have. The API server adds to them, and never removes one. */
  readonly status?: { readonly storedVersions?: readonly string[] };
}

/** The API server demands exactly one. */
export const storageVersionOf = ({ spec }: Definition): string => spec.versions.find(({ storage }) => storage)!.name;

export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** The component of the chart, or `worker`. */
export const componentOf = ({ metadata }: KubeObject): string =>
  metadata.labels?.['app.kubernetes.io/component'] ?? 'unknown';

export const releaseOf = ({ metadata }: KubeObject): string => metadata.labels?.['app.kubernetes.io/instance'] ?? '';
