// The script beside each of the chart's NATS servers: which failures of /healthz stop the server, and that it hears of a new
// certificate.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

const catchingUp = "JetStream stream 'GENWARDEN > genwarden_tasks' is not current: stream catching up";
// What nats-server 2.15.2 answered in a cluster after `kubectl delete pod --force`.
const writeError =
  "JetStream stream 'GENWARDEN > KV_genwarden_leader' is not current: stream write error: expected sequence does not match store";

test('a server that catches up is left alone, and one with a write error is stopped', async () => {
  const { health, looks, exited } = await startWatch();
  health.push(...Array.from({ length: 10 }, () => [catchingUp]), [catchingUp, writeError]);
  expect(await exited).toBe('SIGTERM');
  expect(looks()).toBeGreaterThanOrEqual(13);
});

test('a write error that does not last stops nothing', async () => {
  const { health, looks, isRunning } = await startWatch();
  health.push([writeError], [writeError], [], [writeError], [writeError], []);
  await until(() => looks() >= 10, { what: 'ten looks at /healthz', intervalMs: 5 });
  expect(isRunning()).toBe(true);
});

test('a changed certificate is a hangup signal', async () => {
  const { renew, looks, exited } = await startWatch();
  await until(() => looks() > 0, { what: 'a look at /healthz', intervalMs: 5 });
  await renew();
  expect(await exited).toBe('SIGHUP');
});

/**
 * The script with short times, and a process in the place of nats-server that ends at any signal. `health` has the errors of each
 * answer of /healthz that follows; the last one is repeated.
 */
async function startWatch() {
  const folder = await tempFolder();
  const health: string[][] = [];
  let looks = 0;
  const server = createServer((_request, response) => {
    looks += 1;
    const errors = (health.length > 1 ? health.shift() : health[0]) ?? [];
    response.end(JSON.stringify({ status: 'error', errors: errors.map((error) => ({ type: 'STREAM', error })) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const nats = spawn('sleep', ['300']);
  const renew = (): Promise<void> => writeFile(join(folder.path, 'tls.crt'), `certificate ${Math.random()}`);
  await renew();
  await writeFile(join(folder.path, 'nats.pid'), `${nats.pid}\n`);
  const script = (await readFile(new URL('../../../charts/genwarden/files/nats-watch.mjs', import.meta.url), 'utf8'))
    .replace('every = 10_000', 'every = 20')
    .replace('127.0.0.1:8222', `127.0.0.1:${(server.address() as AddressInfo).port}`)
    .replace('/tmp/nats.pid', join(folder.path, 'nats.pid'))
    .replace('/etc/nats-tls/', `${folder.path}/`);
  const watch = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
  onTestFinished(async () => {
    watch.kill();
    nats.kill();
    server.closeAllConnections();
    server.close();
    await folder.remove();
  });
  const exited = once(nats, 'exit').then(([, signal]) => signal as string);
  return {
    health,
    renew,
    exited,
    looks: () => looks,
    isRunning: () => nats.exitCode === null && nats.signalCode === null,
  };
}
