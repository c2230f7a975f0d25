// What a pool's spec says to its workers (the pools file) and to everybody else (the declaration).

import { declarationOf } from '../../../config/pools.ts';
import { parseDuration } from '../../../job/duration.ts';
import type { PolicyRequest } from '../../../job/policy.ts';
import type { PoolDeclaration } from '../../../ports/poolRegistry.ts';
import type { ObjectMeta } from '../../../ports/kubernetes.ts';
import type { WorkerPoolSpec } from '../../resources/workerPool.ts';

export const keysFolder = '/var/run/genwarden/keys';

/** As the operator declares it, and word for word as its workers do when they start. */
export function poolDeclaration({ name, uid }: ObjectMeta, spec: WorkerPoolSpec): PoolDeclaration {
  return declarationOf({
    name,
    provider: spec.provider,
    models: modelsOf(spec),
    policy: policyOf(spec),
    tenants: spec.allowedNamespaces,
    owner: uid,
  });
}

/** The content of the pools file: no secret in it, only where each key is. */
export function poolsFile({ name, uid }: ObjectMeta, spec: WorkerPoolSpec): object {
  return { pools: [{ name, ...runtimePart(spec), policy: spec.policy, tenants: spec.allowedNamespaces, owner: uid }] };
}

/** What a worker works by; the rest of its file is only declared, so that a change of that needs no new workers. */
export function runtimePart(spec: WorkerPoolSpec): object {
  return {
    provider: spec.provider,
    models: modelsOf(spec),
    keys:
      spec.keys.length === 0
        ? undefined
        : spec.keys.map(({ requestsPerMinute, maxInFlight }, index) => {
            return { keyFile: `${keysFolder}/${index}`, requestsPerMinute, maxInFlight };
          }),
    baseUrl: spec.baseUrl,
    apiVersion: spec.apiVersion,
    concurrency: spec.concurrency,
  };
}

const modelsOf = ({ models }: WorkerPoolSpec): PoolDeclaration['models'] => ({
  image: models.image ?? [],
  text: models.text ?? [],
});

const times = new Set(['attemptTimeout', 'runTimeout', 'queueTimeout', 'reviewTimeout']);

/** Times in ms, as the registry has them. */
function policyOf({ policy = {} }: WorkerPoolSpec): PolicyRequest {
  const given = Object.entries(policy).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, times.has(key) ? parseDuration(String(value)) : value]));
}
