// Provider calls through a proxy that asks for a login, to a provider whose certificate an own CA signed, by real processes; and
// what a task says when the proxy refuses, hangs, drops connections or is away.

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { startConnectProxy } from '../../support/connectProxy.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { ownCa } from '../../support/ownCa.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { startStandin } from '../../../src/standin/standin.ts';

test('a worker calls its provider through a proxy, and says what the proxy does', { timeout: 120_000 }, async () => {
  const proxy = await startConnectProxy(await secureProvider());
  const { client, start } = await startInstallation({ processes: ['controller', 'api'] });
  const worker = await start('worker', await proxyEnv(proxy.url));
  const policy = { maxAttempts: 1, attemptTimeout: '1m', onOutage: 'fail' as const };
  const outcome = async () => {
    const { id } = await client.submit(anImage('a fern', { policy }));
    const [task] = (await client.wait(id)).tasks!;
    return task!;
  };
  expect(await outcome()).toMatchObject({ state: 'succeeded' });
  expect(new Set(proxy.targets)).toEqual(new Set(['provider.example:443']));
  proxy.behave('refuse');
  expect((await outcome()).error).toMatchObject({
    code: 'ProviderUnreachable',
    retryable: true,
    message: expect.stringContaining(
      `The connection to Gemini failed: fetch failed (the proxy ${proxy.address} answered 407 Proxy Authentication Required: HTTPS_PROXY or HTTP_PROXY needs the user and password of the proxy)`,
    ) as string,
    hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
  });
  expect(worker.lines.join('\n')).not.toContain('sesame');
});

async function proxyEnv(url: string): Promise<Record<string, string>> {
  const folder = await tempFolder();
  onTestFinished(() => folder.remove());
  const ca = join(folder.path, 'ca.pem');
  await writeFile(ca, ownCa.ca);
  return { GENWARDEN_GEMINI_BASE_URL: 'https://provider.example', HTTPS_PROXY: url, NODE_EXTRA_CA_CERTS: ca };
}

/** The port of a stand-in behind TLS. */
async function secureProvider(): Promise<number> {
  const standin = await startStandin({ latencyMs: 0 });
  onTestFinished(() => standin.close());
  const server = createServer({ key: ownCa.key, cert: ownCa.cert }, (socket) => {
    const upstream = connect(Number(new URL(standin.url).port), '127.0.0.1');
    for (const [from, to] of [[socket, upstream] as const, [upstream, socket] as const]) {
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
