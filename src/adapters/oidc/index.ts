// Reads an issuer's public keys: OpenID Connect Discovery names their address, and a JSON Web Key Set contains them.

import { z } from 'zod';
import type { IdentityProvider, PublicKey } from '../../ports/identityProvider.ts';
import { discover, getJson, trusted, unavailable, type IssuerOptions } from './discovery.ts';

export { oidcSignIn } from './signIn.ts';

const maxKeys = 100;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySet = z.object({ keys: z.array(z.unknown()).max(maxKeys) });
const publicKey = z.looseObject({
  // A set may contain keys of types that this version does not know. A symmetric key (`oct`) verifies nothing that is public.
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: z.string().optional(),
  use: z.literal('sig').optional(),
});

export function oidcIdentityProvider(options: IssuerOptions): IdentityProvider {
  const { issuer } = options;
  return {
    issuer,
    async fetchKeys() {
      const { jwks_uri: address } = await discover(options, discovery);
      trusted(issuer, 'its keys have', address);
      const { keys } = await getJson(options, address, keySet, 'a key set');
      const usable = keys.flatMap((key): PublicKey[] => {
        const parsed = publicKey.safeParse(key);
        return parsed.success ? [parsed.data as PublicKey] : [];
      });
      if (usable.length === 0) throw unavailable(issuer, `${address} has no public key for signatures`);
      return usable;
    },
  };
}
