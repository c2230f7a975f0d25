// Signing people in at issuers that differ: what is asked for, and what each answer means.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { oidcSignIn } from '../../../src/adapters/oidc/index.ts';
import { monotonicFrom } from '../../../src/job/time.ts';
import type { IssuerSignIn } from '../../../src/ports/issuerSignIn.ts';
import { FakeServer } from '../../fakes/fakeServer.ts';

class Issuer extends FakeServer {
  /** Replaces fields of the discovery document. */
  document: Readonly<Record<string, unknown>> = {};
  /** Of the token endpoint. */
  status = 200;
  body: unknown = { access_token: 'an-access-token', token_type: 'bearer', refresh_token: 'a-refresh-token' };
  silent = false;
  readonly asked: string[] = [];

  get url(): string {
    return `http://127.0.0.1:${this.port}/realms/garden`;
  }

  protected async answer({ url }: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push(url!);
    const isDiscovery = url!.includes('.well-known');
    if (this.silent && !isDiscovery) return;
    const document = {
      issuer: this.url,
      authorization_endpoint: `${this.url}/auth`,
      token_endpoint: `${this.url}/token`,
      ...this.document,
    };
    const body = isDiscovery ? document : this.body;
    response
      .writeHead(isDiscovery ? 200 : this.status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}

interface Over {
  readonly scopes?: readonly string[];
  readonly timeoutMs?: number;
}

async function issuerWith(over: Over = {}) {
  const issuer = new Issuer();
  await issuer.listen(0);
  onTestFinished(() => issuer[Symbol.asyncDispose]());
  let now = 0;
  const { scopes = [], timeoutMs = 20_000 } = over;
  const options = {
    issuer: issuer.url,
    version: '1.2.3',
    audience: 'genwarden',
    clientId: 'console',
    timeoutMs,
    scopes,
  };
  const signIn = oidcSignIn(options, { monotonic: () => monotonicFrom(now) });
  return { issuer, signIn, later: (ms: number) => void (now += ms) };
}

const callback = 'http://localhost:8080/console/session/callback';
const scopeOf = async (signIn: IssuerSignIn): Promise<string | null> =>
  new URL((await signIn.start(callback)).url).searchParams.get('scope');
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );

describe('what is asked for', () => {
  test.each([
    ['lists none', undefined, 'openid offline_access'],
    ['lists something else', 'openid', 'openid offline_access'],
    ['knows the scopes of the API', ['openid', 'jobs:read', 'admin', 'email'], 'openid jobs:read admin'],
    ['gives refresh tokens for a scope', ['openid', 'offline_access', 'profile'], 'openid offline_access'],
    ['knows none of them', ['openid', 'profile'], 'openid'],
  ])('of an issuer that %s', async (_name, supported, scope) => {
    const { issuer, signIn } = await issuerWith();
    issuer.document = supported === undefined ? {} : { scopes_supported: supported };
    expect(await scopeOf(signIn)).toBe(scope);
  });

  test('is what the settings say, whatever the issuer lists', async () => {
    const { issuer, signIn } = await issuerWith({ scopes: ['openid', 'api://genwarden/.default'] });
    issuer.document = { scopes_supported: ['openid', 'jobs:read'] };
    expect(await scopeOf(signIn)).toBe('openid api://genwarden/.default');
  });

  test('cannot be guessed, and is different each time', async () => {
    const { signIn } = await issuerWith();
    const [one, other] = [await signIn.start(callback), await signIn.start(callback)];
    for (const key of ['state', 'verifier'] as const) {
      expect(one.kept[key].length).toBeGreaterThanOrEqual(43);
      expect(one.kept[key]).not.toBe(other.kept[key]);
    }
    expect(one.url).not.toContain(one.kept.verifier);
  });
});

describe('the addresses of the issuer', () => {
  test('are read once by those who sign in at the same time, and again after an hour', async () => {
    const { issuer, signIn, later } = await issuerWith();
    await Promise.all([signIn.start(callback), signIn.start(callback)]);
    later(3_600_000);
    await signIn.start(callback);
    expect(issuer.asked).toHaveLength(1);
    later(1);
    await signIn.start(callback);
    expect(issuer.asked).toHaveLength(2);
  });

  test.each([
    ['another issuer', { issuer: 'https://evil.example' }, /describes the issuer "https:\/\/evil\.example"/],
    ['a page without TLS', { authorization_endpoint: 'http://evil.example/a' }, /people sign in at the address/],
    ['tokens without TLS', { token_endpoint: 'http://evil.example/t' }, /its tokens come from the address/],
    ['no page to sign in', { authorization_endpoint: undefined }, /is not a discovery document/],
  ])('are refused with %s, and read again at the next sign-in', async (_name, document, message) => {
    const { issuer, signIn } = await issuerWith();
    issuer.document = document;
    expect(await refusal(signIn.start(callback))).toMatch(/^OidcUnavailable: /);
    expect(await refusal(signIn.start(callback))).toMatch(message);
    issuer.document = {};
    expect(await refusal(signIn.start(callback))).toBe('accepted');
  });
});

describe('an answer to a renewal', () => {
  test('has new tokens', async () => {
    const { signIn } = await issuerWith();
    expect(await signIn.renew('old')).toEqual({ accessToken: 'an-access-token', refreshToken: 'a-refresh-token' });
  });

  test.each<[string, Partial<Pick<Issuer, 'status' | 'body'>>, RegExp]>([
    ['no refresh token', { body: { access_token: 'a', token_type: 'bearer' } }, /^accepted$/],
    [
      'a refusal',
      { status: 400, body: { error: 'invalid_grant', error_description: 'expired\nlong ago' } },
      /^SignInFailed: The issuer http:\S+ answered invalid_grant: expired long ago$/,
    ],
    [
      'a failure of the server',
      { status: 500, body: { error: 'server_error' } },
      /^OidcUnavailable: .* it answered 500$/,
    ],
    ['a failure of a proxy', { status: 502, body: '<html>' }, /^OidcUnavailable: .* it answered 502$/],
    ['something else', { body: '<html>' }, /^SignInFailed: The answer of the issuer http:\S+ cannot be used: /],
    ['no access token', { body: { token_type: 'bearer' } }, /^SignInFailed: The answer of the issuer/],
  ])('with %s', async (_name, answer, expected) => {
    const { issuer, signIn } = await issuerWith();
    Object.assign(issuer, answer);
    expect(await refusal(signIn.renew('a-secret-refresh-token'))).toMatch(expected);
    expect(await refusal(signIn.renew('a-secret-refresh-token'))).not.toContain('a-secret');
  });

  test('that does not arrive counts as an issuer that is away', async () => {
    const { issuer, signIn } = await issuerWith({ timeoutMs: 1_000 });
    issuer.silent = true;
    expect(await refusal(signIn.renew('old'))).toMatch(/^OidcUnavailable: /);
  });
});
