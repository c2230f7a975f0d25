// Addresses of OpenID Connect issuers: which may be used, and when two name the same issuer.

import { isLoopback } from './loopback.ts';

/**
 * Whether keys may be read from the URL. Plain HTTP would let anyone on the network replace them, so it is limited to this
 * machine.
 */
export function isTrustworthyUrl(url: string): boolean {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.username !== '' || parsed.password !== '') return false;
  if (parsed.protocol === 'https:') return true;
  return parsed.protocol === 'http:' && isLoopback(parsed.hostname.replace(/^\[(.*)\]$/, '$1'));
}

/** The issuer with and without a slash at the end: issuers differ in whether their names have one, and people leave it out. */
export function sameIssuers(issuer: string): string[] {
  const bare = issuer.replace(/\/$/, '');
  return [bare, `${bare}/`];
}

export const isSameIssuer = (one: string, other: string): boolean => sameIssuers(one).includes(other);

/** OpenID Connect Discovery 1.0, section 4.1. */
export const discoveryUrl = (issuer: string): string => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
