// On `::`, the servers of all processes answer by IPv6 and by IPv4, as pods of every kind of cluster need it.

import { networkInterfaces } from 'node:os';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { openListener } from '../../../src/processes/listener.ts';
import { startStandin } from '../../../src/standin/standin.ts';
import { startTelemetryServer } from '../../../src/telemetry/server.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const loopbacks = hasIpv6 ? ['[::1]', '127.0.0.1'] : ['127.0.0.1'];

const servers: Record<string, () => Promise<{ url: string; close(): Promise<void> }>> = {
  API: () => openListener({ host: '::', port: 0 }),
  'metrics and health': () =>
    startTelemetryServer({
      host: '::',
      port: 0,
      registry: new Registry(),
      live: () => true,
      ready: () => Promise.resolve({ ready: true, reasons: [] }),
    }),
  'stand-in': () => startStandin({ host: '::' }),
};

test.each(Object.keys(servers))('%s', async (name) => {
  const { url, close } = await servers[name]!();
  onTestFinished(close);
  expect(url).toMatch(/^http:\/\/\[::\]:\d+$/);
  for (const loopback of loopbacks) {
    const answer = await fetch(url.replace('[::]', loopback));
    expect(answer.status).toBeLessThan(504);
  }
});
