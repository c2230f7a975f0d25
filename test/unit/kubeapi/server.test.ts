// The TLS listener: only the front proxy's certificate makes a user, and the certificate changes while it listens.
import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { issueCertificate } from '../../../src/adapters/x509/index.ts';
import { jsonAnswer } from '../../../src/kubeapi/context.ts';
import type { Handle } from '../../../src/kubeapi/handler.ts';
import { listen, type Identity } from '../../../src/kubeapi/server.ts';
import type { IssuedCertificate } from '../../../src/ports/certificates.ts';
import { kubeWorld } from './kubeApiWorld.ts';

const issue = (name: string, use: 'server' | 'client' = 'server'): Promise<IssuedCertificate> => {
  const now = Date.now();
  return issueCertificate({ names: [name], notBefore: now - 1_000, notAfter: now + 3_600_000, use });
};

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
  const [proxy, stranger] = await Promise.all([issue('front-proxy', 'client'), issue('front-proxy', 'client')]);
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

const job = '/apis/genwarden.dev/jobs-v1alpha1/namespaces/default/jobs/none';

describe('what no client of Kubernetes sends', () => {
  const targets = ['//', '*', '/%', '/apis/%zz?%', '/?limit=%', 'jobs', `/${'a'.repeat(8_000)}`];
  const requests: Record<string, string> = {
    ...Object.fromEntries(
      targets.map((target) => [target.slice(0, 12), `GET ${target} HTTP/1.1\r\nHost: jobs\r\n\r\n`]),
    ),
    'a long body': `DELETE ${job} HTTP/1.1\r\nHost: jobs\r\nContent-Length: 70000\r\n\r\n${'x'.repeat(70_000)}`,
    'no HTTP': 'hello\r\n\r\n',
  };

  test.each(Object.entries(requests))('%s is answered with a status of its kind', async (_, sent) => {
    await using kube = await kubeWorld();
    const answer = await raw(kube.handle, sent);
    expect(answer).toMatch(/^HTTP\/1\.1 (400|401|404|413) /);
  });

  test('a body that breaks off ends nothing but its connection', async () => {
    await using kube = await kubeWorld();
    const cut = `DELETE ${job} HTTP/1.1\r\nHost: jobs\r\nContent-Length: 100\r\n\r\n{`;
    await raw(kube.handle, cut, { isCut: true });
  });

  test('who is not the front proxy is answered before the body is read', async () => {
    await using kube = await kubeWorld();
    const deletion = `DELETE ${job} HTTP/1.1\r\nHost: jobs\r\nContent-Length: 100\r\n\r\n`;
    expect(await raw(kube.handle, deletion, { isStranger: true })).toMatch(/^HTTP\/1\.1 401 [^]*connection: close/i);
  });
});

/** The answer to the text, as the front proxy or a stranger; then another request shows that the API still answers. */
async function raw(handle: Handle, sent: string, { isCut = false, isStranger = false } = {}): Promise<string> {
  const [server, proxy] = await Promise.all([issue('jobs.svc'), issue('front-proxy', 'client')]);
  const identity = { serving: server, proxy: proxyOf(proxy, []) };
  const api = await listen(handle, { host: '127.0.0.1', port: 0 }, identity);
  try {
    const own = isStranger ? {} : { cert: proxy.certificate, key: proxy.key };
    const socket = connect({ host: '127.0.0.1', port: api.port, servername: 'jobs.svc', ca: server.authority, ...own });
    await once(socket, 'secureConnect');
    const user = isStranger ? '' : 'X-Remote-User: jane\r\n';
    socket.write(sent.replace('\r\n', `\r\n${user}`).replace('HTTP/1.1\r\n', 'HTTP/1.1\r\nConnection: close\r\n'));
    if (isCut) socket.destroy();
    const answer = isCut ? '' : await text(socket);
    expect(await statusOf({ port: api.port, server })).toBe(200);
    return answer;
  } finally {
    await api.close();
  }
}

async function statusOf({ port, server }: Client): Promise<number> {
  const at = { host: '127.0.0.1', port, servername: 'jobs.svc', ca: server.authority, path: '/readyz', agent: false };
  const asked = request(at);
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode!;
}
