// nats-server listens on every address, IPv6 and IPv4, with the lines of the chart's configuration, which name 0.0.0.0.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { freePorts } from '../../support/freePorts.ts';
import { startNatsServer } from '../../support/natsServer.ts';
import { root } from '../../tidy/repository.ts';

const template = readFileSync(`${root}/charts/genwarden/templates/nats/_config.tpl`, 'utf8');
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

test.skipIf(!hasIpv6)('clients and probes reach it by ::1 and by 127.0.0.1', async () => {
  const [clients, monitor] = await freePorts(2);
  const lines = ['listen', 'http'].map((key) => new RegExp(`^${key}: .*$`, 'm').exec(template)![0]);
  const config = lines.join('\n').replace('4222', String(clients)).replace('8222', String(monitor));
  await using server = await startNatsServer({ config });
  expect(server.port).toBe(clients);
  for (const host of ['::1', '127.0.0.1']) {
    const socket = connect(clients!, host);
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(greeting.toString()).toMatch(/^INFO /);
    const health = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${monitor}/healthz`);
    expect(health.status).toBe(200);
  }
});
