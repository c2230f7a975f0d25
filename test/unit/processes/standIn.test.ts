// A worker recognizes a stand-in at the address of its provider, and takes nothing else for one.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { answersAsStandIn } from '../../../src/processes/standIn.ts';
import { startStandin } from '../../../src/standin/standin.ts';

const never = new AbortController().signal;

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a stand-in is one, for both providers, and does not count the question as a request', async () => {
  const standin = await startStandin({ latencyMs: 60_000, keys: ['a'] });
  onTestFinished(() => standin.close());
  standin.behave({ kind: 'hang' });
  expect(await answersAsStandIn(standin.url, never)).toBe(true);
  expect(await answersAsStandIn(`${standin.url}/v1`, never)).toBe(true);
  expect(standin.requests).toEqual([]);
});

test('a provider at its own address is none, and is not asked', async () => {
  expect(await answersAsStandIn(undefined, never)).toBe(false);
});

test.each<[string, RequestListener]>([
  ['refuses the address', (_request, response) => response.writeHead(404).end('no such page')],
  ['answers everything', (_request, response) => response.end('<html>welcome</html>')],
  ['answers JSON', (_request, response) => response.end('{"name":"another"}')],
  ['answers without an end', (_request, response) => void response.write('x'.repeat(100))],
  ['answers too much', (_request, response) => response.end(JSON.stringify({ name: 'x'.repeat(5_000) }))],
  ['sends elsewhere', (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
])('a gateway that %s is none', async (_name, listener) => {
  expect(await answersAsStandIn(await serve(listener), never)).toBe(false);
});

test('one that starts later is asked again', async () => {
  const standin = await startStandin();
  const { url, port } = standin;
  await standin.close();
  let next: Awaited<ReturnType<typeof startStandin>> | undefined;
  onTestFinished(async () => next?.close());
  const waited: number[] = [];
  const found = await answersAsStandIn(url, never, async (ms) => {
    waited.push(ms);
    if (waited.length === 7) next = await startStandin({ port });
  });
  expect([found, waited]).toEqual([true, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]]);
});

test('asking ends with the worker', async () => {
  const stop = new AbortController();
  const url = await serve((request) => {
    stop.abort();
    request.socket.destroy();
  });
  expect(await answersAsStandIn(url, stop.signal)).toBe(false);
});
