// What the routes of the session share.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CookiePlace } from '../auth/cookies.ts';
import { crossSiteRefusal } from '../auth/foreignRequests.ts';
import { sourceOf } from '../auth/requestToken.ts';
import type { ApiContext } from '../options.ts';

type Parts = Pick<ApiContext, 'publicUrl'>;

/** Another site could sign the person out, or in with its own token. Throws `CrossSiteRequest`. */
export function refuseOtherSites(request: FastifyRequest, { publicUrl }: Parts): void {
  const refused = crossSiteRefusal(sourceOf(request), publicUrl);
  if (refused !== undefined) throw refused;
}

export const placeOf = ({ headers }: FastifyRequest, { publicUrl }: Parts): CookiePlace => ({ headers, publicUrl });

/** Adds to those that the answer has. */
export function withCookies(reply: FastifyReply, cookies: readonly string[]): void {
  const before = [reply.getHeader('set-cookie') ?? []].flat().map(String);
  if (before.length + cookies.length === 0) return;
  reply.removeHeader('set-cookie').header('set-cookie', [...before, ...cookies]);
}

export const fresh = (reply: FastifyReply): FastifyReply => reply.header('cache-control', 'no-store');
