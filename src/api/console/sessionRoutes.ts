// The console's sign-in. The session is a cookie with the token itself, so that the API keeps nothing: no script can read it, and no page
// of another site can use it.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SignIns } from '../auth/authenticate.ts';
import { maxCookieValue, removeCookie, storeCookie, type CookiePlace } from '../auth/cookies.ts';
import { crossSiteRefusal } from '../auth/foreignRequests.ts';
import type { Principal } from '../auth/principal.ts';
import { sessionCookie, sourceOf, tokenForm } from '../auth/requestToken.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Api, ApiContext } from '../options.ts';
import { sessionView } from './sessionView.ts';

const path = '/console/session';

/** Bytes: a token as JSON. Anyone may send this body. */
const bodyLimit = 2 * maxCookieValue;

const token = z
  .string()
  .trim()
  .max(maxCookieValue, `has more than ${maxCookieValue} characters`)
  .regex(tokenForm, 'is not a token: it may have letters, digits and . _ ~ + / = -');

export function sessionRoutes(app: Api, context: ApiContext, signIns: SignIns): void {
  const schema = { hide: true };
  app.get(path, { schema }, async (request, reply) => {
    const principal = await signedIn(request, signIns);
    if (principal === undefined) withCookies(reply, removeCookie(sessionCookie, placeOf(request, context)));
    return fresh(reply).send(sessionView(context, principal));
  });
  const body = z.strictObject({ token });
  app.post(path, { schema: { ...schema, body }, bodyLimit }, async (request, reply) => {
    refuseOtherSites(request, context);
    const principal = await signIns.signedIn(request, request.body.token);
    if (context.auth !== 'off') {
      withCookies(reply, storeCookie(sessionCookie, request.body.token, placeOf(request, context)));
    }
    return fresh(reply).send(sessionView(context, principal));
  });
  app.delete(path, { schema }, async (request, reply) => {
    refuseOtherSites(request, context);
    withCookies(reply, removeCookie(sessionCookie, placeOf(request, context)));
    return fresh(reply).code(204).send();
  });
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

/** Another site could sign the person out, or in with its own token. */
function refuseOtherSites(request: FastifyRequest, { publicUrl }: ApiContext): void {
  const refused = crossSiteRefusal(sourceOf(request), publicUrl);
  if (refused !== undefined) throw refused;
}

const placeOf = ({ headers }: FastifyRequest, { publicUrl }: ApiContext): CookiePlace => ({ headers, publicUrl });

const withCookies = (reply: FastifyReply, cookies: readonly string[]): void => {
  if (cookies.length > 0) reply.header('set-cookie', cookies);
};

const fresh = (reply: FastifyReply): FastifyReply => reply.header('cache-control', 'no-store');
