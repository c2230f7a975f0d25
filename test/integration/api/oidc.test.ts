// The API process with a real OpenID Connect issuer: its clients work within their tenants and scopes, and each bad token gets the
// reason.

import { decodeJwt, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { startOidcIssuer, type OidcIssuer } from '../../support/oidcIssuer.ts';

const audience = 'https://genwarden.example.com';

const oidcEnv = (issuer: OidcIssuer) => ({ GENWARDEN_OIDC_ISSUER: issuer.url, GENWARDEN_OIDC_AUDIENCE: audience });

test('clients get tokens from the issuer and use the API within their tenants and scopes', async () => {
  const issuer = await startOidcIssuer(audience, ['acme', 'other']);
  const { url } = await startInstallation({ env: oidcEnv(issuer) });
  const [acme, other] = await Promise.all(
    ['acme', 'other'].map(async (tenant) => new GenwardenClient({ url, token: await issuer.token(tenant) })),
  );
  const { id } = await acme!.submit(anImage('a yard'));
  expect(await acme!.wait(id)).toMatchObject({ state: 'succeeded', tenant: 'acme' });
  await expect(other!.get(id)).rejects.toMatchObject({ code: 'JobNotFound' });
  const reader = new GenwardenClient({ url, token: await issuer.token('acme', { scope: 'jobs:read' }) });
  expect((await reader.get(id)).state).toBe('succeeded');
  await expect(reader.submit(anImage('a yard'))).rejects.toMatchObject({
    code: 'Forbidden',
    detail: 'Token acme lacks the scope jobs:write',
  });
  const { checks } = await new GenwardenClient({ url, token: await issuer.token('acme') }).doctor();
  expect(checks.find(({ name }) => name === 'issuer')).toMatchObject({
    ok: true,
    says: expect.stringContaining(`${issuer.url} publishes 1 key`) as string,
  });
});

test('a token that is not for this API, not yet or no longer valid, or forged gets the reason', async () => {
  const issuer = await startOidcIssuer(audience, ['acme']);
  const { url } = await startInstallation({ env: oidcEnv(issuer), processes: ['api'] });
  const answer = async (token: string) => {
    const response = await fetch(`${url}/v1/jobs`, { headers: { authorization: `Bearer ${token}` } });
    const { code, detail } = (await response.json()) as { code?: string; detail?: string };
    return [response.status, code, detail];
  };
  const good = await issuer.token('acme');
  const claims = decodeJwt(good);
  const now = Math.floor(Date.now() / 1_000);
  expect((await answer(good))[0]).toBe(200);
  expect((await answer(await issuer.sign(claims)))[0]).toBe(200);
  const refused: [string, number, RegExp][] = [
    [
      await issuer.token('acme', { audience: 'https://billing.example.com' }),
      401,
      /^The token is for the audience "https:\/\/billing/,
    ],
    // An issuer whose clock is five minutes ahead, and one whose clock is five minutes behind.
    [
      await issuer.sign({ ...claims, iat: now + 300, nbf: now + 300, exp: now + 360 }),
      401,
      /^The token is not valid before /,
    ],
    [await issuer.sign({ ...claims, iat: now - 300, nbf: now - 300, exp: now - 240 }), 401, /^The token expired at /],
    [await issuer.sign({ ...claims, tenant: undefined }), 403, /^The token has no claim tenant, /],
    [await issuer.sign({ ...claims, tenant: 'a/b' }), 403, /^The token's claim tenant is "a\/b", /],
    [await issuer.sign({ ...claims, scope: 'openid' }), 403, /^The token has none of the scopes /],
    [
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode('guess'.repeat(9))),
      401,
      /^The token's algorithm is "HS256"/,
    ],
    [good.replace(/\.[\w-]+$/, `.${'A'.repeat(342)}`), 401, /^The signature of the token does not match/],
  ];
  for (const [token, status, detail] of refused) {
    expect(await answer(token)).toEqual([
      status,
      status === 401 ? 'Unauthorized' : 'Forbidden',
      expect.stringMatching(detail),
    ]);
  }
});
