// What the children of a WorkerPool are called, and the labels that their pods are found by.

import type { ObjectMeta, OwnerReference } from '../../../ports/kubernetes.ts';
import { apiVersion, workerPoolType } from '../../resources/kinds.ts';

export const poolLabel = 'genwarden.dev/pool';
/** Annotations of the pod template: a change of either rolls the workers out. */
export const configHash = 'genwarden.dev/config-hash';
export const keysHash = 'genwarden.dev/keys-hash';

/** Of Deployment, ConfigMap and PodDisruptionBudget alike. */
export const childName = (pool: string): string => `genwarden-worker-${pool}`;

/** What selects the pods of a pool; a Deployment's selector never changes, so neither may this. */
export const selectorOf = (pool: string): Record<string, string> => ({
  'app.kubernetes.io/name': 'genwarden',
  'app.kubernetes.io/component': 'worker',
  [poolLabel]: pool,
});

export const labelsOf = (pool: string): Record<string, string> => ({
  ...selectorOf(pool),
  'app.kubernetes.io/managed-by': 'genwarden-operator',
});

/** All workers' pods that an operator has made. */
export const workerSelector = 'app.kubernetes.io/component=worker,app.kubernetes.io/managed-by=genwarden-operator';

/** In the form that the scale subresource wants. */
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
