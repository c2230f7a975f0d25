// Reads the API keys of a pool from their Secrets: one fingerprint of all keys, or the first that is missing.

import { createHmac } from 'node:crypto';
import { KubeError, type Cluster, type ObjectMeta } from '../../../ports/kubernetes.ts';
import type { WorkerPoolSpec } from '../../resources/workerPool.ts';
import { secretType, type Secret } from '../../resources/builtInKinds.ts';

export type ObservedKeys =
  | { readonly hash: string }
  | { readonly reason: 'SecretNotFound' | 'SecretKeyNotFound' | 'SecretForbidden'; readonly message: string };

/**
 * Reads each Secret by name, so that the operator does not need the right to list Secrets. The hash is keyed with the pool's
 * UID, so that it does not reveal that two pools share a key. Throws `KubeError` if the API server does not answer.
 */
export async function readKeys(
  cluster: Pick<Cluster, 'get'>,
  { namespace, uid }: ObjectMeta,
  { keys }: Pick<WorkerPoolSpec, 'keys'>,
): Promise<ObservedKeys> {
  const secrets = new Map<string, Secret | undefined>();
  const hash = createHmac('sha256', uid);
  for (const {
    secretKeyRef: { name, key },
  } of keys) {
    if (!secrets.has(name)) {
      const secret = await readSecret(cluster, namespace, name);
      if (secret === 'forbidden') return forbidden(namespace, name);
      secrets.set(name, secret);
    }
    const secret = secrets.get(name);
    if (secret === undefined) return notFound(namespace, name);
    const value = secret.data?.[key];
    if (value === undefined || value === '') return keyNotFound(namespace, name, key);
    hash.update(`${value.length}:${value}`);
  }
  return { hash: hash.digest('hex').slice(0, 32) };
}

async function readSecret(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  name: string,
): Promise<Secret | undefined | 'forbidden'> {
  try {
    return await cluster.get<Secret>(secretType, { namespace, name });
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return 'forbidden';
    throw error;
  }
}

const notFound = (namespace: string, name: string): ObservedKeys => ({
  reason: 'SecretNotFound',
  message: `Secret ${name} does not exist in namespace ${namespace}; create it to start the workers`,
});

const keyNotFound = (namespace: string, name: string, key: string): ObservedKeys => ({
  reason: 'SecretKeyNotFound',
  message: `Secret ${name} in namespace ${namespace} has no value for the key ${key}; add it to start the workers`,
});

const forbidden = (namespace: string, name: string): ObservedKeys => ({
  reason: 'SecretForbidden',
  message: `The operator may not read Secret ${name} in namespace ${namespace}; allow its role to get secrets`,
});
