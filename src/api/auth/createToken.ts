// Creates a token: the secret, which is shown once, and the entry with its hash for the tokens file.

import type { Scope } from './principal.ts';
import { hashOfToken, tokenPrefix, type TokenEntry } from './tokenStore.ts';

export interface NewToken {
  readonly name: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** ms since 1970. */
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly requestsPerSecond?: number;
}

/** `random` returns cryptographically random bytes; the token contains 256 bits of them. */
export function createToken(
  { name, tenant, scopes, createdAt, expiresAt, requestsPerSecond }: NewToken,
  random: (bytes: number) => Uint8Array,
): { readonly token: string; readonly entry: TokenEntry } {
  const token = `${tokenPrefix}${Buffer.from(random(32)).toString('base64url')}`;
  const entry: TokenEntry = {
    id: `tok_${Buffer.from(random(6)).toString('hex')}`,
    name,
    hash: hashOfToken(token),
    tenant,
    scopes: [...scopes],
    createdAt: new Date(createdAt).toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
  };
  return { token, entry };
}
