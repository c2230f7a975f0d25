// The telemetry server: metrics, liveness, readiness, and a port that is taken.

import { Counter, Gauge, Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { listenError, startTelemetryServer } from '../../../src/telemetry/server.ts';
import type { TelemetryOptions, TelemetryServer } from '../../../src/telemetry/server.ts';

const open: TelemetryServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function start(changes: Partial<TelemetryOptions> = {}): Promise<TelemetryServer> {
  const server = await startTelemetryServer({
    host: '127.0.0.1',
    port: 0,
    registry: new Registry(),
    live: () => true,
    ready: () => Promise.resolve({ ready: true, reasons: [] }),
    ...changes,
  });
  open.push(server);
  return server;
}

test('serves the metrics of its registry', async () => {
  const registry = new Registry();
  new Gauge({ name: 'answers', help: 'h', registers: [registry] }).set(42);
  const { url } = await start({ registry });
  const response = await fetch(`${url}/metrics?any`);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  expect(await response.text()).toContain('answers 42');
});

test('serves OpenMetrics to a client that asks for it', async () => {
  const registry = new Registry();
  new Counter({ name: 'answers_total', help: 'h', registers: [registry] }).inc(42);
  const { url } = await start({ registry });
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5';
  const response = await fetch(`${url}/metrics`, { headers: { accept } });
  expect(response.headers.get('content-type')).toContain('application/openmetrics-text; version=1.0.0');
  expect(await response.text()).toBe('# HELP answers h\n# TYPE answers counter\nanswers_total 42\n# EOF\n');
});

test('reports a scrape by Prometheus before its values are read, and again when it has been answered', async () => {
  const registry = new Registry();
  const scrapes = new Counter({ name: 'scrapes_total', help: 'h', registers: [registry] });
  const answered = Promise.withResolvers<void>();
  const scraped = (): (() => void) => (scrapes.inc(), () => answered.resolve());
  const { url } = await start({ registry, scraped });
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('scrapes_total 0');
  const headers = { 'X-Prometheus-Scrape-Timeout-Seconds': '10' };
  expect(await (await fetch(`${url}/metrics`, { headers })).text()).toContain('scrapes_total 1');
  await answered.promise;
});

test('answers whether the process is live and ready, or why not', async () => {
  let live: boolean | string = true;
  let reasons = ['NATS is away'];
  const ready = (): ReturnType<TelemetryOptions['ready']> => Promise.resolve({ ready: reasons.length === 0, reasons });
  const { url } = await start({ live: () => live, ready });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  live = 'the event loop is blocked';
  const dead = await fetch(`${url}/healthz`);
  expect([dead.status, await dead.text()]).toEqual([503, 'the event loop is blocked\n']);

  const unready = await fetch(`${url}/readyz`);
  expect([unready.status, await unready.json()]).toEqual([503, { ready: false, reasons: ['NATS is away'] }]);
  reasons = [];
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test('a readiness check that throws, and other paths and methods, get an answer', async () => {
  const { url } = await start({ ready: () => Promise.reject(new Error('index broken')) });
  const broken = await fetch(`${url}/readyz`);
  expect([broken.status, await broken.text()]).toEqual([500, 'index broken\n']);
  expect((await fetch(`${url}/other`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
});

test('a taken port is one clear line that names the port and the setting', async () => {
  const { port } = await start();
  await expect(start({ port })).rejects.toMatchObject({
    code: 'PortInUse',
    message: `port ${port} on 127.0.0.1 is in use by another program; set GENWARDEN_METRICS_PORT to another port (0 picks a free one)`,
  });
});

test('closing ends a request that is still waiting for an answer', async () => {
  const asked = Promise.withResolvers<void>();
  const never = new Promise<never>(() => {});
  const { url, close } = await start({ ready: () => (asked.resolve(), never) });
  const waiting = fetch(`${url}/readyz`).catch((error: unknown) => error);
  await asked.promise;
  await close();
  expect(await waiting).toBeInstanceOf(TypeError);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

test('a port or an address that can never be listened on is a wrong setting', () => {
  const failed = (code: string, host: string, port: number): unknown =>
    listenError(Object.assign(new Error(code), { code }), { host, port }, 'GENWARDEN_HTTP_PORT');
  expect(failed('EACCES', '127.0.0.1', 80)).toMatchObject({
    code: 'InvalidConfiguration',
    message: 'GENWARDEN_HTTP_PORT=80: this user may not listen on port 80; ports above 1023 need no rights',
  });
  expect(failed('EADDRNOTAVAIL', '192.0.2.1', 8080)).toMatchObject({
    message: 'GENWARDEN_HTTP_HOST=192.0.2.1: this machine has no such address',
  });
});
