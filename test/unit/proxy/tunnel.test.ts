// Connections through a proxy: what succeeds, and how a proxy that refuses, drops, hangs or is away is reported.

import { once } from 'node:events';
import { get } from 'node:https';
import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { proxyAgents } from '../../../src/proxy/index.ts';
import { openTunnel } from '../../../src/proxy/tunnel.ts';
import { startConnectProxy } from '../../support/connectProxy.ts';
import { ownCa } from '../../support/ownCa.ts';

const target = 'provider.example:443';

test.each([
  ['refuse', /^the proxy 127\.0\.0\.1:\d+ answered 407 Proxy Authentication Required: HTTPS_PROXY or HTTP_PROXY needs/],
  ['drop', /^the proxy 127\.0\.0\.1:\d+ broke the connection$/],
  ['hang', /^the proxy 127\.0\.0\.1:\d+ did not open a connection to provider\.example:443 within 0\.2 s$/],
] as const)('a proxy that would %s', async (how, message) => {
  const proxy = await startConnectProxy(1);
  proxy.behave(how);
  await expect(openTunnel(new URL(proxy.url), target, 200)).rejects.toThrow(message);
  expect(proxy.targets).toEqual([target]);
});

test('a proxy that is away', async () => {
  const proxy = await startConnectProxy(1);
  await proxy.close();
  await expect(openTunnel(new URL(proxy.url), target)).rejects.toMatchObject({
    message: `the proxy ${proxy.address} cannot be reached`,
    cause: { code: 'ECONNREFUSED' },
  });
});

test('agents open TLS to the host behind the proxy, and check its certificate', async () => {
  const server = createServer({ key: ownCa.key, cert: ownCa.cert }, (socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 204 No Content\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const proxy = await startConnectProxy((server.address() as AddressInfo).port);
  const request = (host: string, ca?: string) => {
    const { https: agent } = proxyAgents(
      { https_proxy: proxy.url, no_proxy: 'other.example' },
      ca === undefined ? {} : { ca },
    )!;
    return once(get({ host, path: '/', agent }), 'response') as Promise<[{ statusCode: number }]>;
  };
  expect((await request('provider.example', ownCa.ca))[0].statusCode).toBe(204);
  await expect(request('provider.example')).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  await expect(request('elsewhere.example', ownCa.ca)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  expect(proxy.targets).toEqual([target, target, 'elsewhere.example:443']);
  expect(proxyAgents({ NO_PROXY: 'any' }, {})).toBeUndefined();
});
