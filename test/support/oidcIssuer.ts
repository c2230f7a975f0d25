// A real OpenID Connect issuer (oidc-provider) on this machine: clients get access tokens for an API by their credentials. Its keys
// can be rotated, and it can be away.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { onTestFinished } from 'vitest';

export interface OidcIssuer {
  readonly url: string;
  /** While true, it breaks every connection off. */
  away: boolean;
  /** An access token by client credentials. The client's id is the tenant. */
  token(client: string, over?: { readonly scope?: string; readonly audience?: string }): Promise<string>;
  /** A token with these claims, signed with the issuer's current key. */
  sign(claims: JWTPayload): Promise<string>;
  /** Replaces its key: tokens are signed with the new one, and the old one is published no more. */
  rotate(): Promise<void>;
}

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

/** `tenants`: its clients. Ends with the test. */
export async function startOidcIssuer(audience: string, tenants: readonly string[]): Promise<OidcIssuer> {
  let handle: ReturnType<Provider['callback']> | undefined;
  let key: SigningKey;
  const server = createServer((request, response) => {
    if (issuer.away || handle === undefined) request.socket.destroy();
    else void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => close(server));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: OidcIssuer = {
    url,
    away: false,
    token: (client, over = {}) => fetchToken(url, client, { audience, scope: 'jobs:read jobs:write', ...over }),
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: 'at+jwt' }).sign(key.privateKey),
    async rotate() {
      const pair = await generateKeyPair('RS256', { extractable: true });
      key = { kid: `key-${Math.random().toString(36).slice(2)}`, privateKey: pair.privateKey };
      const jwk = { ...(await exportJWK(pair.privateKey)), kid: key.kid, alg: 'RS256', use: 'sig' };
      handle = providerWith(url, jwk, tenants).callback();
    },
  };
  await issuer.rotate();
  return issuer;
}

const secret = 'a secret of every client';

function providerWith(url: string, jwk: object, tenants: readonly string[]): Provider {
  const scope = 'jobs:read jobs:write admin';
  return new Provider(url, {
    jwks: { keys: [jwk] },
    clients: tenants.map((tenant) => ({
      client_id: tenant,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope,
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_context, token) => ({ tenant: token.clientId }),
  });
}

async function fetchToken(
  url: string,
  client: string,
  { audience, scope }: { readonly audience: string; readonly scope: string },
): Promise<string> {
  const response = await fetch(`${url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client}:${encodeURIComponent(secret)}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience, scope }),
  });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined) throw new Error(`the issuer gives no token: ${JSON.stringify(answer)}`);
  return answer.access_token;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
