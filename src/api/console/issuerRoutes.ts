// Signing in to the console at an OpenID Connect issuer: there, back, and again before the session ends.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import type { IssuerSignIn, SignInTokens } from '../../ports/issuerSignIn.ts';
import type { SignIns } from '../auth/authenticate.ts';
import { cameByHttps, readCookie, removeCookie, storeCookie } from '../auth/cookies.ts';
import { sessionCookie } from '../auth/requestToken.ts';
import type { Api, ApiContext } from '../options.ts';
import { sharedRenewals } from './sharedRenewals.ts';
import { problemCookie, readJson, refreshCookie, signInCookie, storeJson } from './sessionCookies.ts';
import { fresh, placeOf, refuseOtherSites, withCookies } from './sessionRequest.ts';
import { sessionView } from './sessionView.ts';

const path = '/console/session';

/** A page of the console, from its root. It is appended to `../..`, so it leads to no other host. */
const page = z
  .string()
  .max(2_000)
  .regex(/^\/[\x21-\x7e]*$/)
  .catch('/');
const kept = z.object({ state: z.string(), verifier: z.string(), returnTo: page });

export function issuerRoutes(app: Api, context: ApiContext, signIns: SignIns, issuer: IssuerSignIn): void {
  const anyQuery = z.looseObject({ returnTo: page });
  const schema = { hide: true, querystring: anyQuery };
  app.get(`${path}/oidc`, { schema }, async (request, reply) => {
    const { returnTo } = request.query;
    return orProblem(context, request, reply, returnTo, async () => {
      const { url, kept: secrets } = await issuer.start(callbackOf(request, context));
      withCookies(reply, storeJson(signInCookie, { ...secrets, returnTo }, placeOf(request, context)));
      return url;
    });
  });
  app.get(`${path}/callback`, { schema: { hide: true, querystring: z.looseObject({}) } }, async (request, reply) => {
    const place = placeOf(request, context);
    const started = readJson(signInCookie, kept, place);
    const returnTo = started?.returnTo ?? '/';
    withCookies(reply, removeCookie(signInCookie, place));
    return orProblem(context, request, reply, returnTo, async () => {
      if (started === undefined) {
        const message = 'This browser did not start the sign-in, or started it more than ten minutes ago';
        throw new GenwardenError('SignInFailed', message);
      }
      const tokens = await issuer.finish(callbackOf(request, context) + queryOf(request), started);
      await signIns.signedIn(request, tokens.accessToken);
      storeTokens(context, request, reply, tokens);
      return `../..${returnTo}`;
    });
  });
  const renew = sharedRenewals(issuer, context.clock);
  app.post(`${path}/refresh`, { schema: { hide: true } }, async (request, reply) => {
    refuseOtherSites(request, context);
    const place = placeOf(request, context);
    const token = readCookie(refreshCookie, place);
    if (token === undefined) throw new GenwardenError('Unauthorized', 'The session has no refresh token');
    const orEnd = (error: unknown): never => {
      // While the issuer is away, the session may be renewed later.
      const isOver = error instanceof GenwardenError && /^(?:SignInFailed|Unauthorized)$/.test(error.code);
      if (isOver) withCookies(reply, removeCookie(refreshCookie, place));
      throw error;
    };
    const tokens = await renew(token).catch(orEnd);
    // Before anything that may fail: the issuer may accept the old refresh token no more.
    storeTokens(context, request, reply, { refreshToken: token, ...tokens });
    const principal = await signIns.signedIn(request, tokens.accessToken).catch(orEnd);
    return fresh(reply).send(sessionView(context, principal, { renewable: true, host: request.hostname }));
  });
}

/** Redirects to the address that `next` returns. If it fails, the page for signing in says why. */
async function orProblem(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  returnTo: string,
  next: () => Promise<string>,
): Promise<FastifyReply> {
  fresh(reply).header('referrer-policy', 'no-referrer');
  const address = await next().catch((error: unknown) => {
    if (!(error instanceof GenwardenError)) throw error;
    const { code, message } = error;
    logEvent(context.logger, 'sign_in_failed', { code }, `A sign-in at the issuer failed: ${message}`);
    withCookies(reply, storeJson(problemCookie, { code, detail: message.slice(0, 500) }, placeOf(request, context)));
    return `../../sign-in?${new URLSearchParams({ error: code, returnTo }).toString()}`;
  });
  return reply.redirect(address, 303);
}

function storeTokens(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { accessToken, refreshToken }: SignInTokens,
): void {
  const place = placeOf(request, context);
  withCookies(reply, [
    ...storeCookie(sessionCookie, accessToken, place),
    ...(refreshToken === undefined
      ? removeCookie(refreshCookie, place)
      : storeCookie(refreshCookie, refreshToken, place)),
  ]);
}

/** As the issuer must know it. */
function callbackOf(request: FastifyRequest, { publicUrl }: ApiContext): string {
  const scheme = cameByHttps({ headers: request.headers, publicUrl }) ? 'https' : 'http';
  const root = publicUrl?.replace(/\/$/, '') ?? `${scheme}://${request.host}`;
  return `${root}${path}/callback`;
}

const queryOf = ({ url }: FastifyRequest): string => (url.includes('?') ? url.slice(url.indexOf('?')) : '');
