// Authenticates and authorizes every request to a route with a scope, and determines its tenant.

import type { FastifyRequest } from 'fastify';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Api, ApiContext } from '../options.ts';
import { principalFor, rightOf } from './kubernetes/kubernetesTokens.ts';
import type { Right } from '../../ports/kubernetesReviews.ts';
import { admitByLink, linkOf } from './linkAccess.ts';
import { refuseForeign, type OwnSite, type RequestSource } from './foreignRequests.ts';
import type { Principal, Scope } from './principal.ts';
import { limitRequests, type CountRequest } from './limitRequests.ts';
import { everyTenant } from '../../jobs/tenancy.ts';
import { tenantForm } from '../../job/tenantForm.ts';
import { tokenPrefix } from './tokenStore.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on routes that need no authentication. */
    principal: Principal | null;
    /** Admits the sender again, as a new request would be, and throws as for a new one; null without authentication. */
    readmit: (() => Promise<Principal>) | null;
  }
  interface FastifyContextConfig {
    /** The scope that a token needs; a route without one needs no authentication. */
    scope?: Scope;
    /** The permission that a Kubernetes token's user needs, if it differs from the scope's. */
    right?: Right;
    /** The route changes individually named tasks, so it may be called for all tenants, like a route that reads. */
    acrossTenants?: true;
  }
}

/** Every client, when authentication is off. */
const anonymous: Principal = { id: 'anonymous', name: 'an anonymous client', tenant: 'default', scopes: ['admin'] };

type Parts = Pick<ApiContext, 'auth' | 'oidc' | 'kubernetes' | 'clock' | 'linkKeys' | keyof OwnSite>;
type LimitParts = Parameters<typeof limitRequests>[0];

export function authenticate(app: Api, parts: Parts & LimitParts): void {
  const countRequest = limitRequests(parts);
  const refusal = refuseForeign(parts);
  app.decorateRequest('principal', null);
  app.decorateRequest('readmit', null);
  app.addHook('onRequest', async (request, reply) => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return;
    const link = linkOf(request);
    if (link !== undefined) return admitByLink(parts, request, reply, link, countRequest);
    // With authentication, a page of another site has no token, and browsers add none.
    const refused = parts.auth === 'off' ? refusal(sourceOf(request)) : undefined;
    if (refused !== undefined) throw refused;
    request.principal = await admit(parts, request, scope, countRequest);
    if (parts.auth !== 'off') request.readmit = () => admit(parts, request, scope, () => undefined);
    refuseEveryTenant(request.principal, request);
  });
}

/** The sender of a request to a route with a scope. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('the route has no scope, so its clients are not authenticated');
  return request.principal;
}

function sourceOf({ method, headers }: FastifyRequest): RequestSource {
  const { host, origin, referer, 'sec-fetch-site': fetchSite } = headers;
  return { method, host, origin, referer, fetchSite: fetchSite?.toString() };
}

async function admit(
  { auth, oidc, kubernetes, clock }: Parts,
  request: FastifyRequest,
  scope: Scope,
  countRequest: CountRequest,
): Promise<Principal> {
  const namespace = namespaceOf(request);
  if (auth === 'off') return withTenant(anonymous, namespace);
  const token = bearerOf(request);
  // Each kind of token goes to its own verifier only.
  const own = auth.find(token, clock.now()) ?? (oidc?.isOwn(token) ? await oidc.principalOf(token) : undefined);
  if (own !== undefined) {
    refuseMissingScope(own, scope);
    countRequest(own, `Token ${own.name}`);
    return withTenant(own, namespace);
  }
  // An invalid Genwarden token must not be sent to the Kubernetes API server.
  const isForeign = kubernetes !== undefined && !token.startsWith(tokenPrefix);
  const user = isForeign ? await kubernetes.userOf(token) : undefined;
  if (!isForeign || user === undefined) {
    const known = kubernetes === undefined ? oidc?.refusalOfForeign(token) : undefined;
    throw known ?? new GenwardenError('Unauthorized', 'The token is unknown or has expired');
  }
  countRequest({ id: `kubernetes:${user.name}` }, user.name);
  const { right = rightOf[scope] } = request.routeOptions.config;
  return principalFor(kubernetes, token, user, { scope, right, namespace });
}

/** A Genwarden token belongs to a tenant; an administrator may name another one. */
function withTenant(own: Principal, namespace: string | undefined): Principal {
  if (namespace === undefined) return own;
  if (namespace === own.tenant || own.scopes.includes('admin'))
    return { ...own, tenant: namespace, hasExplicitTenant: true };
  const message = `Token ${own.name} belongs to tenant ${own.tenant}, but Genwarden-Namespace names ${namespace}`;
  throw new GenwardenError('Forbidden', message);
}

/** From the header `Genwarden-Namespace`; throws `InvalidRequest`. */
function namespaceOf({ headers }: FastifyRequest): string | undefined {
  const named = headers['genwarden-namespace'];
  if (named === undefined) return undefined;
  if (typeof named === 'string' && (named === everyTenant || tenantForm.test(named))) return named;
  throw new GenwardenError('InvalidRequest', 'Genwarden-Namespace must be the name of a namespace, or *');
}

function bearerOf(request: FastifyRequest): string {
  const [, token] = /^Bearer +([\w.~+/=-]+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new GenwardenError('Unauthorized', 'The request has no bearer token');
  return token;
}

function refuseMissingScope({ name, scopes }: Principal, scope: Scope): void {
  if (scopes.includes(scope) || scopes.includes('admin')) return;
  throw new GenwardenError('Forbidden', `Token ${name} lacks the scope ${scope}`);
}

function refuseEveryTenant({ tenant }: Principal, { routeOptions: { config } }: FastifyRequest): void {
  if (tenant !== everyTenant || config.scope !== 'jobs:write' || config.acrossTenants === true) return;
  throw new GenwardenError('NamespaceRequired', 'Changing jobs requires one namespace, not *');
}
