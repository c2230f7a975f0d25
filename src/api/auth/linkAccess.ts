// Admits requests by a signed link in place of a token: to one job, and only on routes that read it.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { checkLink, parseLink } from '../../jobs/links.ts';
import type { ApiContext } from '../options.ts';
import type { CountRequest } from './limitRequests.ts';
import type { Principal } from './principal.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A signed link to the job of the path permits the request. */
    readableByLink?: true;
  }
}

type Parts = Pick<ApiContext, 'linkKeys' | 'clock'>;

/** The signature of a request by a link; undefined if the request needs a token. */
export function linkOf({ routeOptions, query }: FastifyRequest): string | undefined {
  if (routeOptions.config.readableByLink !== true) return undefined;
  const { link } = query as { readonly link?: string | readonly string[] };
  return link?.toString();
}

/** Throws `LinkInvalid`, `LinkExpired`, or what `countRequest` throws. */
export async function admitByLink(
  parts: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
  link: string,
  countRequest: CountRequest,
): Promise<void> {
  // The address must not reach other sites. It may be shown on them, so it is no secret of this site.
  reply.header('referrer-policy', 'no-referrer').header('cross-origin-resource-policy', 'cross-origin');
  const principal = await principalOfLink(parts, request, link);
  countRequest(principal, `A link to job ${jobOf(request)}`);
  request.principal = principal;
  request.readmit = () => principalOfLink(parts, request, link);
}

/** ms. How often a request that is held open checks that the link's key was not removed. */
const recheckEvery = 10_000;

async function principalOfLink({ linkKeys, clock }: Parts, request: FastifyRequest, link: string): Promise<Principal> {
  const job = jobOf(request);
  const claim = parseLink(link);
  const key = claim === undefined ? undefined : await linkKeys.find(claim.key);
  const now = clock.now();
  const { tenant, expiresAt } = checkLink(claim, job, key, now);
  const recheckMs = Math.min(recheckEvery, expiresAt - now);
  return { id: `link:${job}`, name: `a link to job ${job}`, tenant, scopes: ['jobs:read'], link, expiresAt, recheckMs };
}

const jobOf = ({ params }: FastifyRequest): string => (params as { readonly id: string }).id;
