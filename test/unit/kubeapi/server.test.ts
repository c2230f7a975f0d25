// The TLS listener: only the front proxy's certificate makes a user, and the certificate changes while it listens.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { BasicConstraintsExtension, PemConverter, X509CertificateGenerator } from '@peculiar/x509';
import { expect, test } from 'vitest';
import { issueCertificate } from '../../../src/adapters/x509/index.ts';
import { jsonAnswer } from '../../../src/kubeapi/context.ts';
import { listen, type Identity } from '../../../src/kubeapi/server.ts';
import type { IssuedCertificate } from '../../../src/ports/certificates.ts';

const issue = (name: string): Promise<IssuedCertificate> => {
  const now = Date.now();
  return issueCertificate({ names: [name], notBefore: now - 1_000, notAfter: now + 3_600_000 });
};

/** A certificate for any use, which is its own authority. */
async function newClient(name: string): Promise<IssuedCertificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true)],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { certificate: made.toString('pem'), key, authority: made.toString('pem') };
}

const proxyOf = ({ authority }: IssuedCertificate, allowedNames: readonly string[]): Identity['proxy'] => ({
  clientCa: authority,
  allowedNames,
  userHeaders: ['x-remote-user'],
  uidHeaders: ['x-remote-uid'],
  groupHeaders: ['x-remote-group'],
  extraPrefixes: ['x-remote-extra-'],
});

interface Client {
  readonly port: number;
  readonly server: IssuedCertificate;
  readonly client?: IssuedCertificate;
}

async function ask({ port, server, client }: Client): Promise<{ user: unknown; peer: string }> {
  const headers = {
    'x-remote-user': 'jane',
    'x-remote-group': ['team, a', 'system:authenticated'],
    'x-remote-extra-scopes%2fall': 'read',
  };
  const own = client === undefined ? {} : { cert: client.certificate, key: client.key };
  const sent = request({
    host: '127.0.0.1',
    port,
    servername: 'jobs.svc',
    ca: server.authority,
    headers,
    agent: false,
    ...own,
  });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const peer = (answer.socket as TLSSocket).getPeerCertificate().fingerprint256;
  return { user: JSON.parse(await text(answer)), peer };
}

test("a user is whom the front proxy's certificate vouches for", async () => {
  const [server, next] = await Promise.all([issue('jobs.svc'), issue('jobs.svc')]);
  const [proxy, stranger] = await Promise.all([newClient('front-proxy'), newClient('front-proxy')]);
  const serving = (of: IssuedCertificate) => ({ certificate: of.certificate, key: of.key });
  const identity = { serving: serving(server), proxy: proxyOf(proxy, ['front-proxy']) };
  const api = await listen(
    async ({ user }) => jsonAnswer(200, { user: user ?? null }),
    { host: '127.0.0.1', port: 0 },
    identity,
  );
  try {
    const at = { port: api.port, server: server };
    const jane = { name: 'jane', groups: ['team, a', 'system:authenticated'], extra: { 'scopes/all': ['read'] } };
    const first = await ask({ ...at, client: proxy });
    expect(first.user).toEqual({ user: jane });
    expect((await ask(at)).user).toEqual({ user: null });
    expect((await ask({ ...at, client: stranger })).user).toEqual({ user: null });
    // Another certificate, and an authority whose proxy has no allowed name.
    api.change({ serving: serving(next), proxy: proxyOf(proxy, ['another-name']) });
    const second = await ask({ port: api.port, server: next, client: proxy });
    expect(second.user).toEqual({ user: null });
    expect(second.peer).not.toBe(first.peer);
  } finally {
    await api.close();
  }
});
