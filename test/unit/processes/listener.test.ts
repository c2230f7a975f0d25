// What the API's listener answers before the API itself can: to probes, to clients, and to pages of other origins.

import { expect, onTestFinished, test } from 'vitest';
import { openListener } from '../../../src/processes/listener.ts';

const page = 'https://app.example.com';

async function listener(corsOrigins: string[]): Promise<string> {
  const opened = await openListener({ host: '127.0.0.1', port: 0, corsOrigins });
  onTestFinished(() => opened.close());
  return opened.url;
}

test('clients get a problem that says to try again, and the probe of the process is answered', async () => {
  const url = await listener([]);
  const answer = await fetch(`${url}/v1/jobs`, { headers: { origin: page } });
  expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('access-control-allow-origin')]).toEqual(
    [503, '2', null],
  );
  expect(await answer.json()).toMatchObject({ code: 'NotReady' });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('a page of a named origin may ask, and reads the problem; another one does not', async () => {
  const url = await listener([page]);
  const answer = await fetch(`${url}/v1/jobs`, { headers: { origin: page } });
  expect([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')]).toEqual([
    503,
    page,
    'Origin',
  ]);
  const asked = {
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization,traceparent',
  };
  const preflight = await fetch(`${url}/v1/jobs`, { method: 'OPTIONS', headers: { ...asked, origin: page } });
  expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
    204,
    'authorization,traceparent',
  ]);
  const foreign = await fetch(`${url}/v1/jobs`, {
    method: 'OPTIONS',
    headers: { ...asked, origin: 'https://evil.example' },
  });
  expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([503, null]);
});
