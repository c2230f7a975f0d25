// The token of a request: from its header or, for the console's own requests, from the cookie of its session.

import type { FastifyRequest } from 'fastify';
import { GenwardenError } from '../../job/errors/index.ts';
import { readCookie, type CookieKind } from './cookies.ts';
import { isOfOwnPage, type RequestSource } from './foreignRequests.ts';

/** Holds the token of the person who signed in to the console. It ends with the browser. */
export const sessionCookie: CookieKind = { name: 'genwarden_session', sameSite: 'strict' };

/** What a token consists of. */
export const tokenForm = /^[\w.~+/=-]+$/;

/** Throws `Unauthorized` if there is none, or if it is a cookie that the sender may not use. */
export function tokenOf(request: FastifyRequest, publicUrl: string | undefined): string {
  const { headers } = request;
  if (headers.authorization === undefined) {
    const token = readCookie(sessionCookie, { headers, publicUrl });
    if (token !== undefined && tokenForm.test(token)) {
      if (isOfOwnPage(sourceOf(request), publicUrl)) return token;
      throw unauthorized("The request has no bearer token, and the console's cookie counts only for its own pages");
    }
  }
  const [, token] = /^Bearer +([\w.~+/=-]+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (token === undefined) throw unauthorized('The request has no bearer token');
  return token;
}

export function sourceOf({ method, headers }: FastifyRequest): RequestSource {
  const { host, origin, referer, 'sec-fetch-site': fetchSite } = headers;
  return { method, host, origin, referer, fetchSite: fetchSite?.toString() };
}

const unauthorized = (message: string): GenwardenError => new GenwardenError('Unauthorized', message);
