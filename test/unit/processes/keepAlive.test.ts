// Every server keeps idle connections for longer than load balancers do: they answer 502 if they reuse a connection that is just closing.

import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { loadSettings } from '../../../src/config/load.ts';
import { openListener } from '../../../src/processes/listener.ts';
import { startStandin } from '../../../src/standin/standin.ts';
import { startTelemetryServer } from '../../../src/telemetry/server.ts';
import { exchange, requestText } from '../../support/rawHttp.ts';

const atHome = { host: '127.0.0.1', port: 0 };

async function telemetry(): Promise<string> {
  const ready = async () => ({ ready: true, reasons: [] });
  const server = await startTelemetryServer({ ...atHome, registry: new Registry(), live: () => true, ready });
  onTestFinished(() => server.close());
  return server.url;
}

async function api(): Promise<string> {
  const listener = await openListener(atHome);
  listener.serve((_request, response) => void response.end('ok'));
  onTestFinished(() => listener.close());
  return listener.url;
}

async function standin(): Promise<string> {
  const server = await startStandin();
  onTestFinished(() => server.close());
  return server.url;
}

test.each([
  ['the API', api],
  ['metrics and health', telemetry],
  ['the stand-in', standin],
])('%s', async (_name, start) => {
  const answer = await fetch(`${await start()}/healthz`);
  await answer.text();
  expect(answer.headers.get('keep-alive')).toBe('timeout=75');
});

test('the API keeps them as long as its setting says', async () => {
  const { http } = loadSettings({ env: { GENWARDEN_HTTP_KEEP_ALIVE: '620s', GENWARDEN_HTTP_PORT: '0' } });
  const listener = await openListener(http);
  onTestFinished(() => listener.close());
  listener.serve((_request, response) => void response.end('ok'));
  const answer = await fetch(listener.url);
  await answer.text();
  expect(answer.headers.get('keep-alive')).toBe('timeout=620');
});

test('before NATS answers, the API closes each connection, because another process may be ready', async () => {
  const listener = await openListener(atHome);
  onTestFinished(() => listener.close());
  const [answer] = await exchange(
    Number(new URL(listener.url).port),
    requestText('GET /v1/jobs', { connection: 'keep-alive' }),
  );
  expect([answer!.status, answer!.headers['connection'], answer!.problem.type]).toEqual([
    503,
    'close',
    'https://genwarden.dev/docs/errors#notready',
  ]);
});

test('the server of metrics tells which methods it has, and the length of its answers', async () => {
  const url = await telemetry();
  const refused = await fetch(`${url}/metrics`, { method: 'POST' });
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '3']);
});
