// Requests to receivers that answer oddly, hang, or have addresses that must not be reached.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { webhookHttp } from '../../../src/adapters/webhookHttp/index.ts';

const request = (url: string) => ({ url, headers: { 'webhook-id': 'a' }, body: '{"type":"job.finished"}' });
const forever = new AbortController().signal;
const loopback = ['127.0.0.0/8'];

async function serve(listener: RequestListener): Promise<{ url: string; port: number }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, port };
}

test('any answer is a result, with the wait that it asks for', async () => {
  const { url } = await serve((incoming, response) => {
    const [, status] = incoming.url!.split('/hook/');
    response.writeHead(Number(status), { 'retry-after': '7', location: 'http://169.254.169.254/' }).end('ok');
  });
  const receiver = webhookHttp({ allow: loopback });
  for (const status of [200, 204, 301, 307, 410, 500]) {
    const result = await receiver.post(request(`${url}/${status}`), forever);
    expect(result).toEqual({ answered: true, status, retryAfter: 7_000 });
  }
});

test('the request is a POST of JSON, with the headers of the caller', async () => {
  let seen: object = {};
  const { url } = await serve((incoming, response) => {
    const { method, headers } = incoming;
    seen = { method, type: headers['content-type'], id: headers['webhook-id'] };
    response.end();
  });
  await webhookHttp({ allow: loopback }).post(request(url), forever);
  expect(seen).toEqual({ method: 'POST', type: 'application/json', id: 'a' });
});

test('a receiver that never answers is given up, and an endless body is cut off', async () => {
  const { url } = await serve((incoming, response) => {
    if (incoming.url !== '/hook/endless') return;
    response.writeHead(200);
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
    };
    response.on('drain', write);
    write();
  });
  const receiver = webhookHttp({ allow: loopback, timeoutMs: 500 });
  expect(await receiver.post(request(url), forever)).toMatchObject({ answered: false, reason: 'Timeout' });
  expect(await receiver.post(request(`${url}/endless`), forever)).toEqual({ answered: true, status: 200 });
});

test('a closed port is a failure of the connection', async () => {
  const { url } = await serve(() => undefined);
  const dead = url.replace(/:\d+/, ':1');
  const result = await webhookHttp({ allow: loopback }).post(request(dead), forever);
  expect(result).toMatchObject({ answered: false, reason: 'ConnectionFailed' });
});

test('addresses that must not be reached are refused before a connection is made, whatever they are called', async () => {
  let connections = 0;
  const { port } = await serve(() => (connections += 1));
  const receiver = webhookHttp({ allow: [], resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
  for (const host of ['127.0.0.1', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', 'app.example']) {
    const result = await receiver.post(request(`https://${host}:${port}/`), forever);
    expect([host, result]).toMatchObject([host, { answered: false, reason: 'AddressRefused' }]);
  }
  expect(connections).toBe(0);
});

test('plain http needs a host that the setting lists', async () => {
  const receiver = webhookHttp({ allow: ['hooks.internal'] });
  const result = await receiver.post(request('http://app.example/'), forever);
  expect(result).toMatchObject({ answered: false, reason: 'PlainHttpRefused' });
  expect(result).toMatchObject({ message: expect.stringContaining('app.example') as string });
});

test('a name that changes its address is looked up once: the checked address is the one that is connected to', async () => {
  let connections = 0;
  const { port } = await serve((_, response) => {
    connections += 1;
    response.end();
  });
  // The first answer may be reached, all others may not.
  const answers = ['127.0.0.1', '127.0.0.2'];
  let lookups = 0;
  const resolve = async () => [{ address: answers[lookups++] ?? '10.0.0.1', family: 4 }];
  const receiver = webhookHttp({ allow: ['127.0.0.1', 'moving.example'], resolve });
  expect(await receiver.post(request(`http://moving.example:${port}/`), forever)).toEqual({
    answered: true,
    status: 200,
  });
  expect([lookups, connections]).toEqual([1, 1]);

  const moving = webhookHttp({ allow: ['127.0.0.1'], resolve: async () => [{ address: '127.0.0.2', family: 4 }] });
  expect(await moving.post(request(`https://moving.example:${port}/`), forever)).toMatchObject({
    reason: 'AddressRefused',
  });
  expect(connections).toBe(1);
});

test('of several addresses only those that may be reached are tried', async () => {
  const { port } = await serve((_, response) => response.end());
  const mixed = [
    { address: '10.255.255.1', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  const receiver = webhookHttp({ allow: ['127.0.0.1'], resolve: async () => mixed });
  // TLS fails against this server, which shows that it was reached.
  const result = await receiver.post(request(`https://mixed.example:${port}/`), forever);
  expect(result).toMatchObject({ answered: false, reason: 'ConnectionFailed' });
});

test('proxies of the environment are not used', async () => {
  let proxied = 0;
  const proxy = await serve(() => (proxied += 1));
  const { url } = await serve((_, response) => response.end());
  const before = { ...process.env };
  Object.assign(process.env, { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.url, http_proxy: proxy.url });
  onTestFinished(() => {
    process.env = before;
  });
  expect(await webhookHttp({ allow: loopback }).post(request(url), forever)).toEqual({ answered: true, status: 200 });
  expect(proxied).toBe(0);
});
