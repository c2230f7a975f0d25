// A real OpenID Connect issuer (oidc-provider) on this machine: clients get access tokens for an API by their credentials, and people
// by signing in to the console. Its keys can be rotated, and it can be away.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Provider, { type ClientMetadata } from 'oidc-provider';
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
  /** From now on, people can sign in to a console that they come back to at `callback`. */
  admit(console: ConsoleClient): void;
}

interface ConsoleClient {
  readonly callback: string;
  /** Absent: a public client. */
  readonly secret?: string;
  /** Seconds. */
  readonly tokensLast?: number;
}

export const consoleClient = 'genwarden-console';

interface SigningKey {
  readonly kid: string;
  readonly jwk: object;
  readonly privateKey: CryptoKey;
}

/** `tenants`: its clients. Ends with the test. */
export async function startOidcIssuer(audience: string, tenants: readonly string[]): Promise<OidcIssuer> {
  let provider: Provider | undefined;
  let key: SigningKey;
  let people: ConsoleClient | undefined;
  const server = createServer((request, response) => {
    if (issuer.away || provider === undefined) request.socket.destroy();
    else if (request.url?.startsWith('/interaction/') === true) void signInPage(provider, request, response);
    else void provider.callback()(request, response);
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
      const kid = `key-${Math.random().toString(36).slice(2)}`;
      const jwk = { ...(await exportJWK(pair.privateKey)), kid, alg: 'RS256', use: 'sig' };
      key = { kid, jwk, privateKey: pair.privateKey };
      provider = providerWith({ url, audience, tenants, people }, jwk);
    },
    admit(client) {
      people = client;
      provider = providerWith({ url, audience, tenants, people }, key.jwk);
    },
  };
  await issuer.rotate();
  return issuer;
}

const secret = 'a secret of every client';

interface Issued {
  readonly url: string;
  readonly audience: string;
  readonly tenants: readonly string[];
  readonly people: ConsoleClient | undefined;
}

function providerWith({ url, audience, tenants, people }: Issued, jwk: object): Provider {
  const scope = 'jobs:read jobs:write admin';
  const accessTokenTTL = people?.tokensLast ?? 600;
  return new Provider(url, {
    jwks: { keys: [jwk] },
    clients: [...tenants.map(machine), ...(people === undefined ? [] : [consoleOf(people)])],
    cookies: { keys: ['a key for cookies'] },
    ttl: { ClientCredentials: 600, AccessToken: accessTokenTTL, Session: 600, Grant: 600, Interaction: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope,
          audience: resource,
          accessTokenTTL,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: () => true,
    // Nobody is asked whether the console may act for them.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
      grant.addOIDCScope('openid offline_access');
      grant.addResourceScope(audience, scope);
      await grant.save();
      return grant;
    },
    extraTokenClaims: (_context, token) => ({
      tenant: token.kind === 'ClientCredentials' ? token.clientId : 'team-a',
    }),
  });
}

const machine = (tenant: string): ClientMetadata => ({
  client_id: tenant,
  client_secret: secret,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
});

const consoleOf = ({ callback, secret: own }: ConsoleClient): ClientMetadata => ({
  client_id: consoleClient,
  ...(own === undefined ? {} : { client_secret: own }),
  token_endpoint_auth_method: own === undefined ? 'none' : 'client_secret_post',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: [callback],
  response_types: ['code'],
});

/** A form that asks for a name alone. Who is `mallory` declines. */
async function signInPage(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    const form = '<form method="post"><input name="name"><button>Sign in</button></form>';
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Issuer</title>${form}`);
    return;
  }
  const accountId = new URLSearchParams(await text(request)).get('name') ?? '';
  const declined = { error: 'access_denied', error_description: 'mallory declined' };
  await provider.interactionFinished(request, response, accountId === 'mallory' ? declined : { login: { accountId } });
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
