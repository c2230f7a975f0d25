// The contract of every identity provider: it gives the keys that the issuer publishes now, or says why it cannot.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { oidcIdentityProvider } from '../../src/adapters/oidc/index.ts';
import type { IdentityProvider } from '../../src/ports/identityProvider.ts';
import { FakeServer } from '../fakes/fakeServer.ts';
import { fakeIdentityProvider, signingKey, type SigningKey } from '../fakes/identityProvider.ts';

interface Published {
  readonly provider: IdentityProvider;
  publish(keys: readonly SigningKey[]): void;
  /** It stops answering as it should. */
  leave(): void;
}

/** An issuer over HTTP whose answers a test may change. */
class IssuerServer extends FakeServer {
  document: unknown;
  keys: unknown;
  status = 200;
  silent = false;
  readonly asked: string[] = [];

  get url(): string {
    return `http://127.0.0.1:${this.port}/realms/garden`;
  }

  protected async answer({ url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push(`${url} ${headers['user-agent']}`);
    if (this.silent) return;
    const body = url === '/realms/garden/.well-known/openid-configuration' ? this.document : this.keys;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response
      .writeHead(this.status, { 'content-type': 'application/json', location: `${this.url}/elsewhere` })
      .end(text);
  }
}

async function issuerServer(): Promise<IssuerServer> {
  const server = new IssuerServer();
  await server.listen(0);
  onTestFinished(() => server[Symbol.asyncDispose]());
  server.document = { issuer: server.url, jwks_uri: `${server.url}/certs` };
  return server;
}

async function overHttp(timeoutMs = 20_000): Promise<Published & { server: IssuerServer }> {
  const server = await issuerServer();
  return {
    server,
    provider: oidcIdentityProvider({ issuer: server.url, version: '1.2.3', timeoutMs }),
    publish: (keys) => (server.keys = { keys: keys.map(({ jwk }) => jwk) }),
    leave: () => (server.status = 500),
  };
}

async function inMemory(): Promise<Published> {
  const provider = fakeIdentityProvider('https://id.example.com', []);
  return {
    provider,
    publish: (keys) => (provider.keys = keys),
    leave: () => (provider.away = 'it is away'),
  };
}

describe.each<[string, () => Promise<Published>]>([
  ['OpenID Connect Discovery', overHttp],
  ['memory', inMemory],
])('an identity provider by %s', (_, open) => {
  test('gives the keys that are published now', async () => {
    const { provider, publish } = await open();
    const [one, two] = [await signingKey('one'), await signingKey('two', 'RS256')];
    publish([one]);
    expect(await provider.fetchKeys()).toEqual([one.jwk]);
    publish([one, two]);
    expect(await provider.fetchKeys()).toEqual([one.jwk, two.jwk]);
  });

  test('fails with OidcUnavailable while the issuer is away', async () => {
    const { provider, publish, leave } = await open();
    publish([await signingKey('one')]);
    leave();
    await expect(provider.fetchKeys()).rejects.toMatchObject({ code: 'OidcUnavailable' });
  });
});

describe('over HTTP', () => {
  const failure = ({ provider }: Published): Promise<unknown> =>
    provider.fetchKeys().then(
      () => 'it answered',
      ({ message }: Error) => message,
    );

  test('keys for encryption, secret keys and unknown keys are left out', async () => {
    const { server, provider } = await overHttp();
    const { jwk } = await signingKey('one');
    const anyUse = { ...jwk };
    delete anyUse['use'];
    server.keys = { keys: [jwk, { ...jwk, use: 'enc' }, { kty: 'oct', k: 'c2VjcmV0' }, { kty: 'XYZ' }, 7, anyUse] };
    expect(await provider.fetchKeys()).toEqual([jwk, anyUse]);
    expect(server.asked[0]).toBe('/realms/garden/.well-known/openid-configuration genwarden-api/1.2.3');
  });

  test.each<[string, (server: IssuerServer) => void, RegExp]>([
    ['refuses', (it) => (it.status = 404), /openid-configuration answered 404$/],
    ['redirects', (it) => (it.status = 302), /openid-configuration answered 302$/],
    ['does not answer', (it) => (it.silent = true), /openid-configuration: no answer within 300 ms$/],
    ['sends no JSON', (it) => (it.document = '<html>'), /openid-configuration is not a discovery document$/],
    ['sends too much', (it) => (it.document = ' '.repeat(262_145)), /the answer is longer than 262144 bytes$/],
    ['names no keys', (it) => (it.document = { issuer: it.url }), /is not a discovery document$/],
    [
      'is another one',
      (it) => (it.document = { issuer: 'https://evil.example', jwks_uri: it.url }),
      /openid-configuration describes the issuer "https:\/\/evil.example"$/,
    ],
    [
      'has its keys behind plain HTTP',
      (it) => (it.document = { issuer: it.url, jwks_uri: 'http://id.example.com/certs' }),
      /its keys have the address http:\/\/id.example.com\/certs, which is not https$/,
    ],
    ['has no key set', (it) => (it.keys = []), /certs is not a key set$/],
    ['has too many keys', (it) => (it.keys = { keys: Array(101).fill({}) }), /certs is not a key set$/],
    ['has no key', (it) => (it.keys = { keys: [] }), /certs has no public key for signatures$/],
  ])('an issuer that %s is unavailable, with the reason', async (does, spoil, reason) => {
    const published = await overHttp(does === 'does not answer' ? 300 : undefined);
    published.publish([await signingKey('one')]);
    spoil(published.server);
    const message = await failure(published);
    expect(message).toMatch(reason);
    expect(message).toContain(`The issuer ${published.server.url} cannot be read: `);
  });

  test('an issuer that is gone is unavailable', async () => {
    const published = await overHttp();
    await published.server.close();
    expect(await failure(published)).toMatch(/openid-configuration: connect ECONNREFUSED 127/);
  });
});
