// Maps the user of a Kubernetes token to a principal, according to the user's rights on the custom resources.

import { type Monotonic } from '../../../job/time.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { everyTenant, noTenant } from '../../../jobs/tenancy.ts';
import type { KubernetesReviews, KubernetesUser, Right, ScopedRight } from '../../../ports/kubernetesReviews.ts';
import { scopes, type Principal, type Scope } from '../principal.ts';
import { cachedReviews } from './reviewCache.ts';

export interface KubernetesTokens extends KubernetesReviews {
  /** The installation's namespace, in which rights on worker pools are checked. */
  readonly namespace: string;
}

export function kubernetesTokens(
  reviews: KubernetesReviews,
  namespace: string,
  monotonic: () => Monotonic,
): KubernetesTokens {
  return { ...cachedReviews(reviews, monotonic), namespace };
}

/** The access that a request needs. */
export interface Access {
  readonly scope: Scope;
  readonly right: Right;
  /** From the request's header: a namespace, `everyTenant`, or undefined. */
  readonly namespace: string | undefined;
}

/** The right that each scope requires, unless the route names another. */
export const rightOf: Readonly<Record<Scope, Right>> = {
  'jobs:read': { verb: 'list', resource: 'generationjobs' },
  'jobs:write': { verb: 'create', resource: 'generationjobs' },
  admin: { verb: 'update', resource: 'workerpools' },
};

/** The right to read what belongs to the installation rather than to a tenant. */
export const readInstallation: Right = { verb: 'list', resource: 'workerpools' };

/** ms. Checks of one token share the cached reviews, so that many streams cost the API server no more than one. */
const recheckMs = 10_000;

/** Throws `InvalidRequest`, `Forbidden` or `KubernetesUnavailable`. */
export async function principalFor(
  tokens: KubernetesTokens,
  token: string,
  user: KubernetesUser,
  { scope, right, namespace: requested }: Access,
): Promise<Principal> {
  const tenant = requested ?? user.namespace ?? 'default';
  if (tenant !== everyTenant && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(tenant)) {
    throw new GenwardenError('InvalidRequest', `Genwarden-Namespace: ${tenant} is not a valid namespace name`);
  }
  const readJobs = { ...rightOf['jobs:read'], namespace: tenant === everyTenant ? undefined : tenant };
  const principal = {
    id: `kubernetes:${user.name}`,
    name: user.name,
    scopes: [scope],
    hasExplicitTenant: true,
    recheckMs,
  } as const;
  if (right.resource === 'generationjobs') {
    await requireRight(tokens, token, user, { ...right, namespace: readJobs.namespace });
    return { ...principal, tenant };
  }
  await requireRight(tokens, token, user, { ...right, namespace: tokens.namespace });
  // Pools and workers belong to the installation, but their jobs belong to namespaces: show only those the user may list.
  return { ...principal, tenant: (await tokens.isAllowed(token, readJobs)) ? tenant : noTenant };
}

/** With every scope that the user has in the tenant. Throws `Forbidden` if there is none, and what `principalFor` throws. */
export async function principalWithScopes(
  tokens: KubernetesTokens,
  token: string,
  user: KubernetesUser,
  namespace: string | undefined,
): Promise<Principal> {
  const granted: Principal[] = [];
  const refusals: GenwardenError[] = [];
  await Promise.all(
    scopes.map(async (scope) => {
      try {
        granted.push(await principalFor(tokens, token, user, { scope, right: rightOf[scope], namespace }));
      } catch (error) {
        if (!(error instanceof GenwardenError) || error.code !== 'Forbidden') throw error;
        refusals.push(error);
      }
    }),
  );
  const [first] = granted;
  if (first === undefined) throw refusals[0]!;
  const names = new Set(granted.flatMap((each) => each.scopes));
  return { ...first, scopes: scopes.filter((scope) => names.has(scope)) };
}

async function requireRight(
  tokens: KubernetesTokens,
  token: string,
  user: KubernetesUser,
  right: ScopedRight,
): Promise<void> {
  if (await tokens.isAllowed(token, right)) return;
  const { verb, resource, namespace } = right;
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  throw new GenwardenError('Forbidden', `${user.name} may not ${verb} ${resource}.genwarden.dev ${where}`);
}
