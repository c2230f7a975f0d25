// Kubernetes tokens: whose they are and what they may, as the cluster's own rights on the custom resources say.

import { GenwardenError } from '../../../job/errors/index.ts';
import type { Principal, Scope } from '../principal.ts';
import { everyTenant, noTenant } from '../../../jobs/tenancy.ts';
import { apiServer, type ApiServerAddress } from '../../../adapters/kubernetes/apiServer.ts';
import { rememberedReviews } from './reviewCache.ts';
import {
  reviews,
  type KubernetesUser,
  type PlacedRight,
  type Reviews,
  type Right,
} from '../../../adapters/kubernetes/reviews.ts';

export interface KubernetesTokens extends Reviews {
  /** The installation's, where rights on worker pools count. */
  readonly namespace: string;
  close(): void;
}

export function openKubernetesTokens(
  place: ApiServerAddress & { readonly namespace: string },
  monotonic: () => number,
): KubernetesTokens {
  const server = apiServer(place);
  return {
    ...rememberedReviews(reviews(server), monotonic),
    namespace: place.namespace,
    close: () => server.close(),
  };
}

export interface Wanted {
  readonly scope: Scope;
  readonly right: Right;
  /** As the request names it: a namespace, `everyTenant`, or nothing. */
  readonly namespace: string | undefined;
}

/** What a scope stands for where a route names no right of its own. */
export const rightOf: Readonly<Record<Scope, Right>> = {
  'jobs:read': { verb: 'list', resource: 'generationjobs' },
  'jobs:write': { verb: 'create', resource: 'generationjobs' },
  admin: { verb: 'update', resource: 'workerpools' },
};

/** ms: a stream of events outlives a right by this at most. */
const recheckMs = 300_000;

/** Whom the token's user is for this request; throws `Forbidden` or `KubernetesUnavailable`. */
export async function principalFor(
  tokens: KubernetesTokens,
  token: string,
  user: KubernetesUser,
  { scope, right, namespace: asked }: Wanted,
): Promise<Principal> {
  const tenant = asked ?? user.namespace ?? 'default';
  if (tenant !== everyTenant && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(tenant)) {
    throw new GenwardenError('InvalidRequest', `Genwarden-Namespace: ${tenant} is not the name of a namespace`);
  }
  const jobs = { ...rightOf['jobs:read'], namespace: tenant === everyTenant ? undefined : tenant };
  const principal = {
    id: `kubernetes:${user.name}`,
    name: user.name,
    scopes: [scope],
    named: true,
    recheckMs,
  } as const;
  if (right.resource === 'generationjobs') {
    await refuseMissing(tokens, token, user, { ...right, namespace: jobs.namespace });
    return { ...principal, tenant };
  }
  await refuseMissing(tokens, token, user, { ...right, namespace: tokens.namespace });
  // Pools and workers are the installation's; what runs on them is of a namespace, which may be another's.
  return { ...principal, tenant: (await tokens.may(token, jobs)) ? tenant : noTenant };
}

async function refuseMissing(
  tokens: KubernetesTokens,
  token: string,
  user: KubernetesUser,
  right: PlacedRight,
): Promise<void> {
  if (await tokens.may(token, right)) return;
  const { verb, resource, namespace } = right;
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  throw new GenwardenError('Forbidden', `${user.name} may not ${verb} ${resource}.genwarden.dev ${where}`);
}
