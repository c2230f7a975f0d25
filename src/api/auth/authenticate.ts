// Authenticates and authorizes every request to a route with a scope, and determines its tenant.

import type { FastifyRequest } from 'fastify';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Api, ApiContext } from '../options.ts';
import { principalFor, principalWithScopes, rightOf, type KubernetesTokens } from './kubernetes/kubernetesTokens.ts';
import type { KubernetesUser, Right } from '../../ports/kubernetesReviews.ts';
import { acceptCookies } from './cookies.ts';
import { admitByLink, linkOf } from './linkAccess.ts';
import { refuseForeign, type OwnSite } from './foreignRequests.ts';
import { sourceOf, tokenOf } from './requestToken.ts';
import type { Principal, Scope } from './principal.ts';
import { limitRequests, type CountRequest } from './limitRequests.ts';
import { everyTenant } from '../../jobs/tenancy.ts';
import { tenantForm } from '../../job/tenantForm.ts';
import { tokenPrefix, type TokenStore } from './tokenStore.ts';

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
    /** Pages show the answer by its address alone, as pictures and links do. */
    shownByAddress?: true;
  }
}

/** Every client, when authentication is off. */
const anonymous: Principal = { id: 'anonymous', name: 'an anonymous client', tenant: 'default', scopes: ['admin'] };

type Parts = Pick<ApiContext, 'auth' | 'oidc' | 'kubernetes' | 'clock' | 'linkKeys' | keyof OwnSite>;
type LimitParts = Parameters<typeof limitRequests>[0];

/** Identifies who signs in to the console. */
export interface SignIns {
  /**
   * The owner of the token with everything that they may do in the tenant of the request; without a token, that of the request.
   * Throws what a request with the token would be refused with.
   */
  signedIn(request: FastifyRequest, token?: string): Promise<Principal>;
}

export function authenticate(app: Api, parts: Parts & LimitParts): SignIns {
  const countRequest = limitRequests(parts);
  const refusal = refuseForeign(parts);
  acceptCookies(app);
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
  return {
    async signedIn(request, token) {
      const refused = parts.auth === 'off' ? refusal(sourceOf(request)) : undefined;
      if (refused !== undefined) throw refused;
      return withEveryScope(parts, request, token, countRequest);
    },
  };
}

/** The sender of a request to a route with a scope. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('the route has no scope, so its clients are not authenticated');
  return request.principal;
}

async function admit(
  parts: Parts,
  request: FastifyRequest,
  scope: Scope,
  countRequest: CountRequest,
): Promise<Principal> {
  const namespace = namespaceOf(request);
  const anyTenant = namespace === undefined && isByAddress(request) ? everyTenant : undefined;
  if (parts.auth === 'off') return withTenant(anonymous, namespace ?? anyTenant);
  const token = tokenOf(request, parts.publicUrl);
  const owner = await ownerOf({ ...parts, auth: parts.auth }, token);
  if ('scopes' in owner) {
    refuseMissingScope(owner, scope);
    countRequest(owner, `Token ${owner.name}`);
    return withTenant(owner, namespace ?? (owner.scopes.includes('admin') ? anyTenant : undefined));
  }
  const { user, reviews } = owner;
  countRequest({ id: `kubernetes:${user.name}` }, user.name);
  const { right = rightOf[scope] } = request.routeOptions.config;
  const readsAll = anyTenant !== undefined && (await reviews.isAllowed(token, { ...right, namespace: undefined }));
  return principalFor(reviews, token, user, { scope, right, namespace: readsAll ? anyTenant : namespace });
}

/** Pictures and links of a page cannot send `Genwarden-Namespace`. What they show is one job, whose id says which tenant's. */
function isByAddress({ headers, routeOptions }: FastifyRequest): boolean {
  return (
    routeOptions.config.shownByAddress === true && /^(?:no-cors|navigate)$/.test(String(headers['sec-fetch-mode']))
  );
}

async function withEveryScope(
  parts: Parts,
  request: FastifyRequest,
  given: string | undefined,
  countRequest: CountRequest,
): Promise<Principal> {
  const namespace = namespaceOf(request);
  if (parts.auth === 'off') return withTenant(anonymous, namespace);
  const token = given ?? tokenOf(request, parts.publicUrl);
  const owner = await ownerOf({ ...parts, auth: parts.auth }, token);
  if ('scopes' in owner) {
    countRequest(owner, `Token ${owner.name}`);
    return withTenant(owner, namespace);
  }
  countRequest({ id: `kubernetes:${owner.user.name}` }, owner.user.name);
  return principalWithScopes(owner.reviews, token, owner.user, namespace);
}

/** A user of Kubernetes, whose rights its API server knows. */
interface ReviewedUser {
  readonly user: KubernetesUser;
  readonly reviews: KubernetesTokens;
}

/** Each kind of token goes to its own verifier only. Throws `Unauthorized`, `Forbidden`, `OidcUnavailable` or `KubernetesUnavailable`. */
async function ownerOf(
  { auth, oidc, kubernetes, clock }: Parts & { readonly auth: TokenStore },
  token: string,
): Promise<Principal | ReviewedUser> {
  const own = auth.find(token, clock.now()) ?? (oidc?.isOwn(token) ? await oidc.principalOf(token) : undefined);
  if (own !== undefined) return own;
  // An invalid Genwarden token must not be sent to the Kubernetes API server.
  const isForeign = kubernetes !== undefined && !token.startsWith(tokenPrefix);
  const user = isForeign ? await kubernetes.userOf(token) : undefined;
  if (isForeign && user !== undefined) return { user, reviews: kubernetes };
  const known = kubernetes === undefined ? oidc?.refusalOfForeign(token) : undefined;
  throw known ?? new GenwardenError('Unauthorized', 'The token is unknown or has expired');
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

function refuseMissingScope({ name, scopes }: Principal, scope: Scope): void {
  if (scopes.includes(scope) || scopes.includes('admin')) return;
  throw new GenwardenError('Forbidden', `Token ${name} lacks the scope ${scope}`);
}

function refuseEveryTenant({ tenant }: Principal, { routeOptions: { config } }: FastifyRequest): void {
  if (tenant !== everyTenant || config.scope !== 'jobs:write' || config.acrossTenants === true) return;
  throw new GenwardenError('NamespaceRequired', 'Changing jobs requires one namespace, not *');
}
