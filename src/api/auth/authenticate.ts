// Decides for every request with a scope who it is from, which tenant it is about, and whether they may.

import type { FastifyRequest } from 'fastify';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Api, ApiContext } from '../options.ts';
import { principalFor, rightOf } from './kubernetes/kubernetesTokens.ts';
import type { Right } from '../../ports/kubernetesReviews.ts';
import type { Principal, Scope } from './principal.ts';
import { rateLimit } from './rateLimit.ts';
import { everyTenant } from '../../jobs/tenancy.ts';
import { ownTokenStart, tenantForm } from './tokenStore.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on routes that anyone may call. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** What a token must have for this route; anyone may call a route without. */
    scope?: Scope;
    /** What a Kubernetes token's user must be allowed, where that is not what the scope stands for. */
    right?: Right;
    /** Changes what is named to it one by one, so it may be asked for all tenants like a route that reads. */
    acrossTenants?: true;
  }
}

/** Whom everybody is without auth. */
const everybody: Principal = { id: 'everybody', name: 'an anonymous client', tenant: 'default', scopes: ['admin'] };

type Parts = Pick<ApiContext, 'auth' | 'kubernetes' | 'clock'>;

export function authenticate(app: Api, parts: Parts): void {
  const limit = rateLimit();
  /** Throws `TooManyRequests`. */
  const countIn = (id: string, name: string): void => {
    const wait = limit.take(id, parts.clock.monotonic());
    if (wait === undefined) return;
    throw new GenwardenError('TooManyRequests', `${name} sends too many requests`, { details: { retryAfter: wait } });
  };
  app.decorateRequest('principal', null);
  app.addHook('onRequest', async (request) => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return;
    request.principal = await admit(parts, request, scope, countIn);
    refuseEveryTenant(request.principal, request);
  });
}

/** Who sent a request to a route with a scope. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('the route has no scope, so nobody was authenticated');
  return request.principal;
}

async function admit(
  { auth, kubernetes, clock }: Parts,
  request: FastifyRequest,
  scope: Scope,
  countIn: (id: string, name: string) => void,
): Promise<Principal> {
  const namespace = namespaceOf(request);
  if (auth === 'off') return about(everybody, namespace);
  const token = bearerOf(request);
  const own = auth.find(token, clock.now());
  if (own !== undefined) {
    refuseMissingScope(own, scope);
    countIn(own.id, `Token ${own.name}`);
    return about(own, namespace);
  }
  // A token of our own that is not valid is nothing for another system to see.
  const isForeign = kubernetes !== undefined && !token.startsWith(ownTokenStart);
  const user = isForeign ? await kubernetes.userOf(token) : undefined;
  if (!isForeign || user === undefined) throw new GenwardenError('Unauthorized', 'The token is unknown or has expired');
  countIn(`kubernetes:${user.name}`, user.name);
  const { right = rightOf[scope] } = request.routeOptions.config;
  return principalFor(kubernetes, token, user, { scope, right, namespace });
}

/** A token of our own has a tenant; an administrator's may name another one. */
function about(own: Principal, namespace: string | undefined): Principal {
  if (namespace === undefined) return own;
  if (namespace === own.tenant || own.scopes.includes('admin')) return { ...own, tenant: namespace, named: true };
  const message = `Token ${own.name} is of tenant ${own.tenant}, and the request names ${namespace} in Genwarden-Namespace`;
  throw new GenwardenError('Forbidden', message);
}

/** As the header `Genwarden-Namespace` says; throws `InvalidRequest`. */
function namespaceOf({ headers }: FastifyRequest): string | undefined {
  const named = headers['genwarden-namespace'];
  if (named === undefined) return undefined;
  if (typeof named === 'string' && (named === everyTenant || tenantForm.test(named))) return named;
  throw new GenwardenError('InvalidRequest', 'Genwarden-Namespace is neither the name of a namespace nor *');
}

function bearerOf(request: FastifyRequest): string {
  const [, token] = /^Bearer +([\w.~+/=-]+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new GenwardenError('Unauthorized', 'The request carries no bearer token');
  return token;
}

function refuseMissingScope({ name, scopes }: Principal, scope: Scope): void {
  if (scopes.includes(scope) || scopes.includes('admin')) return;
  throw new GenwardenError('Forbidden', `Token ${name} has not the scope ${scope}`);
}

function refuseEveryTenant({ tenant }: Principal, { routeOptions: { config } }: FastifyRequest): void {
  if (tenant !== everyTenant || config.scope !== 'jobs:write' || config.acrossTenants === true) return;
  throw new GenwardenError('NamespaceRequired', 'What changes jobs is asked for one namespace, not for all');
}
