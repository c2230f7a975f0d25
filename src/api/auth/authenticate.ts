// Decides for every request with a scope who it is from and whether they may.

import type { FastifyRequest } from 'fastify';
import { GenwardenError } from '../../job/errors.ts';
import type { Api, ApiContext } from '../options.ts';
import { rateLimit } from './rateLimit.ts';
import type { Principal, Scope } from './tokenStore.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on routes that anyone may call. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** What a token must have for this route; anyone may call a route without. */
    scope?: Scope;
  }
}

/** Whom everybody is without auth. */
const everybody: Principal = { id: 'everybody', name: 'an anonymous client', tenant: 'default', scopes: ['admin'] };

export function authenticate(app: Api, { auth, clock }: Pick<ApiContext, 'auth' | 'clock'>): void {
  const limit = rateLimit();
  app.decorateRequest('principal', null);
  app.addHook('onRequest', async (request) => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return;
    if (auth === 'off') {
      request.principal = everybody;
      return;
    }
    const principal = auth.find(bearerOf(request), clock.now());
    if (principal === undefined) throw new GenwardenError('Unauthorized', 'The token is unknown or has expired');
    refuseMissingScope(principal, scope);
    const wait = limit.take(principal.id, clock.monotonic());
    if (wait !== undefined) {
      const details = { retryAfter: wait };
      throw new GenwardenError('TooManyRequests', `Token ${principal.name} sends too many requests`, { details });
    }
    request.principal = principal;
  });
}

/** Who sent a request to a route with a scope. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('the route has no scope, so nobody was authenticated');
  return request.principal;
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
