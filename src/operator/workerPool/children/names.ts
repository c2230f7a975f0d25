// The names, labels and annotations of the children of a WorkerPool.

import type { ObjectMeta, OwnerReference } from '../../../ports/kubernetes.ts';
import { apiVersion, workerPoolType } from '../../resources/kinds.ts';

export const poolLabel = 'genwarden.dev/pool';
/** Annotations of the pod template: a change of either replaces the workers. */
export const configHash = 'genwarden.dev/config-hash';
export const keysHash = 'genwarden.dev/keys-hash';

/** The name of the Deployment, the ConfigMap and the PodDisruptionBudget. */
export const childName = (pool: string): string => `genwarden-worker-${pool}`;

/** Selects the pods of a pool. Must never change, because the selector of a Deployment is immutable. */
export const selectorOf = (pool: string): Record<string, string> => ({
  'app.kubernetes.io/name': 'genwarden',
  'app.kubernetes.io/component': 'worker',
  [poolLabel]: pool,
});

export const labelsOf = (pool: string): Record<string, string> => ({
  ...selectorOf(pool),
  'app.kubernetes.io/managed-by': 'genwarden-operator',
});

/** Selects the worker pods of all pools. */
export const workerSelector = 'app.kubernetes.io/component=worker,app.kubernetes.io/managed-by=genwarden-operator';

/** In the format of the scale subresource. */
export const selectorText = (pool: string): string =>
  Object.entries(selectorOf(pool))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

export const ownerReference = ({ name, uid }: ObjectMeta): OwnerReference => ({
  apiVersion,
  kind: workerPoolType.kind,
  name,
  uid,
  controller: true,
});
