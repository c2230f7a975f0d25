// The console's sign-in. The session is a cookie with the token itself, so that the API keeps nothing: no script can read it, and no page
// of another site can use it.

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import type { SignIns } from '../auth/authenticate.ts';
import { maxCookieValue, readCookie, removeCookie, storeCookie, type CookieKind } from '../auth/cookies.ts';
import type { Principal } from '../auth/principal.ts';
import { sessionCookie, tokenForm } from '../auth/requestToken.ts';
import type { Api, ApiContext } from '../options.ts';
import { errorCodeSchema } from '../problem.ts';
import { issuerRoutes } from './issuerRoutes.ts';
import { problemCookie, readJson, refreshCookie } from './sessionCookies.ts';
import { fresh, placeOf, refuseOtherSites, withCookies } from './sessionRequest.ts';
import { sessionView } from './sessionView.ts';

const path = '/console/session';

/** Bytes: a token as JSON. Anyone may send this body. */
const bodyLimit = 2 * maxCookieValue;

const token = z
  .string()
  .trim()
  .max(maxCookieValue, `has more than ${maxCookieValue} characters`)
  .regex(tokenForm, 'is not a token: it may have letters, digits and . _ ~ + / = -');

const problem = z.object({ code: errorCodeSchema, detail: z.string() });

export function sessionRoutes(app: Api, context: ApiContext, signIns: SignIns): void {
  const schema = { hide: true };
  const removed = (request: FastifyRequest, ...kinds: readonly CookieKind[]): string[] =>
    kinds.flatMap((kind) => removeCookie(kind, placeOf(request, context)));
  app.get(path, { schema }, async (request, reply) => {
    const place = placeOf(request, context);
    const principal = await signedIn(request, signIns);
    // A session that has expired may still be renewed.
    if (principal === undefined) withCookies(reply, removed(request, sessionCookie));
    withCookies(reply, removed(request, problemCookie));
    const renewable = readCookie(refreshCookie, place) !== undefined;
    const failure = readJson(problemCookie, problem, place);
    return fresh(reply).send(sessionView(context, principal, { renewable, failure, host: request.hostname }));
  });
  const body = z.strictObject({ token });
  app.post(path, { schema: { ...schema, body }, bodyLimit }, async (request, reply) => {
    refuseOtherSites(request, context);
    const principal = await signIns.signedIn(request, request.body.token);
    if (context.auth !== 'off') {
      withCookies(reply, storeCookie(sessionCookie, request.body.token, placeOf(request, context)));
      withCookies(reply, removed(request, refreshCookie));
    }
    return fresh(reply).send(sessionView(context, principal, { host: request.hostname }));
  });
  app.delete(path, { schema }, async (request, reply) => {
    refuseOtherSites(request, context);
    withCookies(reply, removed(request, sessionCookie, refreshCookie));
    return fresh(reply).code(204).send();
  });
  if (context.issuerSignIn !== undefined) issuerRoutes(app, context, signIns, context.issuerSignIn);
}

/** Undefined without a valid token. An issuer that cannot verify the token now ends no session. */
async function signedIn(request: FastifyRequest, signIns: SignIns): Promise<Principal | undefined> {
  try {
    return await signIns.signedIn(request);
  } catch (error) {
    if (error instanceof GenwardenError && error.code === 'Unauthorized') return undefined;
    throw error;
  }
}
