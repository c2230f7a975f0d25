// Converts the spec of a pool to the pools file of its workers and to the declaration in the registry.

import { declarationOf } from '../../../config/pools.ts';
import { sharesOf } from '../../../config/poolShares.ts';
import { policyRequestOf } from '../../../jobs/submit/policyBody.ts';
import type { PoolDeclaration } from '../../../ports/poolRegistry.ts';
import type { ObjectMeta } from '../../../ports/kubernetes.ts';
import type { WorkerPoolSpec } from '../../resources/workerPool.ts';

export const keysFolder = '/var/run/genwarden/keys';

/** The declaration that the workers would make when they start, with the resource, which their pools file does not have. */
export function poolDeclaration({ name, namespace, uid }: ObjectMeta, spec: WorkerPoolSpec): PoolDeclaration {
  const declared = declarationOf({
    name,
    provider: spec.provider,
    models: modelsOf(spec),
    policy: policyRequestOf(spec.policy ?? {}),
    providerOptions: spec.providerOptions,
    tenants: spec.allowedNamespaces,
    shares: sharesOf(spec.limits, spec.weights),
    owner: uid,
  });
  return { ...declared, resource: { namespace, paused: spec.paused } };
}

/** The content of the pools file. It has the path of each key, not the key itself. */
export function poolsFile({ name, uid }: ObjectMeta, spec: WorkerPoolSpec): object {
  const { policy, providerOptions, allowedNamespaces: tenants, limits, weights } = spec;
  const declared = { policy, providerOptions, tenants, limits, weights, owner: uid };
  return { pools: [{ name, ...runtimePart(spec), ...declared }] };
}

/** The part that workers run by. Workers only declare the rest, so a change of the rest does not replace them. */
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
    prices: spec.prices,
    budgets: spec.budgets,
    baseUrl: spec.baseUrl,
    apiVersion: spec.apiVersion,
    concurrency: spec.concurrency,
  };
}

const modelsOf = ({ models }: WorkerPoolSpec): PoolDeclaration['models'] => ({
  image: models.image ?? [],
  text: models.text ?? [],
});
