// Tokens of an OpenID Connect issuer: which are accepted, who sent them, and what each refusal says.

import { exportSPKI, importJWK, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sign, signingKey } from '../../../../fakes/identityProvider.ts';
import { audience, claims, issuer, oidcStage, outcomeOf, startSeconds } from './stage.ts';

const time = (seconds: number): string => new Date(seconds * 1_000).toISOString();
const here = (seconds: number): string => `and the time here is ${time(seconds)} (see the check clock of doctor)`;

describe('a valid token', () => {
  test('names its sender, tenant and scopes, and expires with the clock tolerance', async () => {
    const { outcome } = await oidcStage();
    expect(await outcome()).toEqual({
      id: `oidc:${issuer}#user-7`,
      name: 'garden-app',
      tenant: 'acme',
      scopes: ['jobs:read', 'jobs:write'],
      expiresAt: (startSeconds + 630) * 1_000,
      recheckMs: 10_000,
    });
  });

  test.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('may be signed with %s', async (alg) => {
    const { outcome } = await oidcStage({ keys: [await signingKey('key-1', alg)] });
    expect(await outcome()).toMatchObject({ tenant: 'acme' });
  });

  test('may name several audiences, and its issuer with or without a slash at the end', async () => {
    const { outcome, tokens, token } = await oidcStage();
    expect(await outcome({ aud: ['account', audience] })).toMatchObject({ tenant: 'acme' });
    expect(await outcome({ iss: `${issuer}/` })).toMatchObject({ id: `oidc:${issuer}/#user-7` });
    expect(tokens.isOwn(await token({ iss: `${issuer}/` }))).toBe(true);
  });

  test.each([
    [{ preferred_username: 'ann', email: 'ann@example.com' }, 'ann'],
    [{ email: 'ann@example.com' }, 'ann@example.com'],
    [{ client_id: undefined, azp: 'spa' }, 'spa'],
    [{ client_id: undefined }, 'user-7'],
    [{ preferred_username: 'a\nb\u001b[31m' }, 'ab[31m'],
    [{ preferred_username: 'x'.repeat(500) }, 'x'.repeat(100)],
  ])('with %j is called %s in messages', async (over, name) => {
    const { outcome } = await oidcStage();
    expect(await outcome(over)).toMatchObject({ name });
  });
});

describe('the time of a token', () => {
  test.each([
    ['fresh', 0, 'accepted'],
    ['29 s after its end', 629, 'accepted'],
    [
      '30 s after its end',
      630,
      `Unauthorized: The token expired at ${time(startSeconds + 600)}, ${here(startSeconds + 630)}`,
    ],
    ['30 s before its start', -30, 'accepted'],
    [
      '31 s before its start',
      -31,
      `Unauthorized: The token is not valid before ${time(startSeconds)}, ${here(startSeconds - 31)}`,
    ],
  ])('%s', async (_, skew, expected) => {
    const { clock, outcome } = await oidcStage();
    clock.jump(skew * 1_000);
    const result = await outcome({ nbf: startSeconds });
    expect(typeof result === 'string' ? result : 'accepted').toBe(expected);
  });
});

describe('a refused token', () => {
  const refused = 'Unauthorized: The token';
  test.each([
    ['another audience', { aud: 'other' }, `${refused} is for the audience "other", not for "${audience}"`],
    ['several other audiences', { aud: ['a', 'b'] }, `${refused} is for the audience ["a","b"], not for "${audience}"`],
    ['no audience', { aud: undefined }, `${refused} has no claim aud`],
    ['another issuer', { iss: 'https://evil.example' }, `${refused} has an invalid claim iss`],
    ['no end', { exp: undefined }, `${refused} has no claim exp`],
    ['an end that is no number', { exp: 'soon' as never }, `${refused} has an invalid claim exp`],
    ['no subject', { sub: undefined }, `${refused} has no subject (sub) of 1 to 255 characters`],
    ['a huge subject', { sub: 'x'.repeat(256) }, `${refused} has no subject (sub) of 1 to 255 characters`],
  ])('has %s', async (_, over, message) => {
    const { outcome } = await oidcStage();
    expect(await outcome(over)).toBe(message);
  });

  test('is unsigned, or signed with the public key as a secret', async () => {
    const { tokens, key } = await oidcStage();
    const only =
      'only signatures by public keys count: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519';
    const unsigned = new UnsecuredJWT(claims()).encode();
    expect(tokens.isOwn(unsigned)).toBe(true);
    expect(await outcomeOf(tokens, unsigned)).toBe(`Unauthorized: The token's algorithm is "none"; ${only}`);
    const secret = new TextEncoder().encode(await exportSPKI((await importJWK(key.jwk, 'ES256')) as CryptoKey));
    const forged = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: key.kid }).sign(secret);
    expect(await outcomeOf(tokens, forged)).toBe(`Unauthorized: The token's algorithm is "HS256"; ${only}`);
  });

  test('was changed, or signed with another key of the same name', async () => {
    const { tokens, token, outcome } = await oidcStage();
    const message =
      'Unauthorized: The signature of the token does not match: it was changed, or signed with another key';
    const [header, , signature] = (await token()).split('.');
    const payload = Buffer.from(JSON.stringify(claims({ tenant: 'other' }))).toString('base64url');
    expect(await outcomeOf(tokens, `${header}.${payload}.${signature}`)).toBe(message);
    expect(await outcome({}, await signingKey('key-1'))).toBe(message);
  });

  test('names no key while several fit', async () => {
    const key = await signingKey('key-1');
    const nameless = await sign(claims(), key, { kid: undefined });
    expect(await outcomeOf((await oidcStage({ keys: [key] })).tokens, nameless)).toMatchObject({ tenant: 'acme' });
    const { tokens } = await oidcStage({ keys: [key, await signingKey('key-2')] });
    expect(await outcomeOf(tokens, nameless)).toBe(
      "Unauthorized: The token does not name its key (kid), and several of the issuer's keys fit",
    );
  });

  test('is too long, or no token at all', async () => {
    const { tokens, outcome } = await oidcStage();
    expect(await outcome({ groups: 'x'.repeat(12_288) })).toMatch(
      /^Unauthorized: The token has \d+ characters; at most 12288$/,
    );
    for (const text of ['', 'gw_abc', 'a.b.c', '..', 'x'.repeat(20_000), `e30.${'e'.repeat(99)}.`]) {
      expect([text, tokens.isOwn(text)]).toEqual([text, false]);
    }
  });

  test('demands an extension that nobody knows', async () => {
    const { tokens } = await oidcStage();
    const json = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${json({ alg: 'ES256', kid: 'key-1', crit: ['exp2'], exp2: 1 })}.${json(claims())}.AAAA`;
    expect(await outcomeOf(tokens, token)).toBe(
      'Unauthorized: The token is not a valid JWT: Extension Header Parameter "exp2" is not recognized',
    );
  });
});

describe('the tenant', () => {
  const needs = 'but a tenant has 1 to 63 letters, digits, -, _ and .';
  test.each([
    ['is missing', { tenant: undefined }, 'Forbidden: The token has no claim tenant, which names its tenant'],
    ['is null', { tenant: null }, 'Forbidden: The token has no claim tenant, which names its tenant'],
    ['is in an empty list', { tenant: [] }, 'Forbidden: The token has no claim tenant, which names its tenant'],
    ['is not alone', { tenant: ['a', 'b'] }, "Forbidden: The token's claim tenant names 2 tenants, not one"],
    ['has another form', { tenant: '/acme' }, `Forbidden: The token's claim tenant is "/acme", ${needs}`],
    ['is *', { tenant: '*' }, `Forbidden: The token's claim tenant is "*", ${needs}`],
    ['is a number', { tenant: 7 }, `Forbidden: The token's claim tenant is 7, ${needs}`],
  ])('%s', async (_, over, message) => {
    const { outcome } = await oidcStage();
    expect(await outcome(over)).toBe(message);
  });

  test.each([
    ['tenant', { tenant: ['acme'] }],
    ['org.id', { tenant: undefined, org: { id: 'acme' } }],
    ['https://example.com/tenant', { tenant: undefined, 'https://example.com/tenant': 'acme' }],
    ['tid', { tenant: undefined, tid: 'acme' }],
  ])('is found in the claim %s', async (tenantClaim, over) => {
    const { outcome } = await oidcStage({ tenantClaim });
    expect(await outcome(over)).toMatchObject({ tenant: 'acme' });
  });

  test('is not found in what every object inherits', async () => {
    const { outcome } = await oidcStage({ tenantClaim: 'constructor.name' });
    expect(await outcome()).toBe('Forbidden: The token has no claim constructor.name, which names its tenant');
  });
});

describe('the scopes', () => {
  test.each([
    [{ scope: 'jobs:read' }, ['jobs:read']],
    [{ scope: undefined, scp: ['admin', 'offline_access'] }, ['admin']],
    [{ scope: undefined, scp: 'jobs:write jobs:read' }, ['jobs:read', 'jobs:write']],
    [{ scope: 'openid', permissions: ['jobs:read'], roles: ['admin'] }, ['jobs:read', 'admin']],
    [{ scope: 'genwarden:jobs:read' }, ['jobs:read']],
    [{ scope: `${audience}/jobs:write` }, ['jobs:write']],
  ])('of %j are %j', async (over, scopes) => {
    const { outcome } = await oidcStage();
    expect(await outcome(over)).toMatchObject({ scopes });
  });

  test('are read from a path, and from the named claims only', async () => {
    const { outcome } = await oidcStage({ scopeClaims: ['resource_access.garden.app.roles'] });
    const roles = { resource_access: { 'garden.app': { roles: ['jobs:read'] } } };
    expect(await outcome({ scope: 'admin', ...roles })).toMatchObject({ scopes: ['jobs:read'] });
  });

  test.each([
    [{ scope: undefined }, 'none'],
    [{ scope: '' }, 'none'],
    [{ scope: 7 as never }, 'none'],
    [{ scope: 'openid profile jobs:delete xadmin Admin' }, 'openid profile jobs:delete xadmin Admin'],
    [{ scope: 'other:admin evil/admin' }, 'other:admin evil/admin'],
  ])('of %j are not enough', async (over, told) => {
    const { outcome } = await oidcStage();
    expect(await outcome(over)).toBe(
      `Forbidden: The token has none of the scopes jobs:read, jobs:write, admin in scope, scp, permissions, roles: it has ${told}`,
    );
  });
});

test('whatever a token contains, it is accepted or refused with a code, never a failure of the server', async () => {
  const { tokens, key } = await oidcStage();
  const header = fc.record(
    {
      alg: fc.constantFrom<unknown>('ES256', 'RS256', 'none', 'HS256', '', 7, null),
      kid: fc.constantFrom<unknown>('key-1', 'key-2', '', 7, null),
      crit: fc.constantFrom<unknown>([], ['b64'], 'b64', null),
      b64: fc.boolean(),
      typ: fc.constantFrom<unknown>('JWT', 'at+jwt', 7),
      jwk: fc.constant(key.jwk),
    },
    { requiredKeys: [] },
  );
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>(...Object.values(claims())));
  const payload = fc.record(
    { iss: fc.constant(issuer), ...Object.fromEntries(Object.keys(claims()).map((claim) => [claim, value])) },
    { requiredKeys: [] },
  );
  const json = (of: unknown): string => Buffer.from(JSON.stringify(of)).toString('base64url');
  const codes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(header, payload, fc.boolean(), async (head, body, isSigned) => {
      const text = isSigned ? await sign(body, key) : `${json(head)}.${json(body)}.${json(body)}`;
      tokens.isOwn(text);
      tokens.refusalOfForeign(text);
      codes.add(String(await outcomeOf(tokens, text)).split(':')[0]!);
    }),
    { numRuns: 300 },
  );
  expect([...codes].filter((code) => !['Unauthorized', 'Forbidden', '[object Object]'].includes(code))).toEqual([]);
});
