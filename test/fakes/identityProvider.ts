// An OpenID Connect issuer without a server: it signs real tokens, rotates its keys, and can be away.

import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { GenwardenError } from '../../src/job/errors/index.ts';
import type { IdentityProvider, PublicKey } from '../../src/ports/identityProvider.ts';

export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: PublicKey;
}

export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } as PublicKey };
}

/** Signs the claims as they are. */
export function sign(claims: JWTPayload, { alg, kid, privateKey }: SigningKey, header: object = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header }).sign(privateKey);
}

export interface FakeIdentityProvider extends IdentityProvider {
  /** What it publishes. */
  keys: readonly SigningKey[];
  /** Why it does not answer. */
  away: string | undefined;
  /** How often its keys were asked for. */
  asked: number;
}

export function fakeIdentityProvider(issuer: string, keys: readonly SigningKey[]): FakeIdentityProvider {
  const provider: FakeIdentityProvider = {
    issuer,
    keys,
    away: undefined,
    asked: 0,
    async fetchKeys() {
      provider.asked += 1;
      if (provider.away !== undefined) throw new GenwardenError('OidcUnavailable', provider.away);
      return provider.keys.map(({ jwk }) => jwk);
    },
  };
  return provider;
}
