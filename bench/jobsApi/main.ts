// `kubectl get jobs.genwarden.dev` with 100,000 jobs: times, pages and memory. kubectl is real; a front proxy in this process stands
// for the API server, which would only pass the requests on.

import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { connectNats, natsJobLog } from '../../src/adapters/nats/index.ts';
import { issueCertificate } from '../../src/adapters/x509/index.ts';
import type { Identity } from '../../src/kubeapi/server.ts';
import { startNatsServer } from '../../test/support/natsServer.ts';
import { startProcess } from '../../test/support/process.ts';
import { inParallel } from '../measure.ts';
import { aSpec } from '../ours.ts';
import { residentMb } from '../processes.ts';

const count = Number(process.argv[2] ?? 100_000);
const run = promisify(execFile);
const times = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 86_400_000 };

/** ms of each list request since the last reset. */
let pages: number[] = [];

const issued = await issueCertificate({ names: ['jobs.svc'], ...times });
const client = await issueCertificate({ names: ['front-proxy'], ...times, use: 'client' });
const identity: Identity = {
  serving: issued,
  proxy: {
    clientCa: client.authority,
    allowedNames: [],
    userHeaders: ['x-remote-user'],
    uidHeaders: [],
    groupHeaders: ['x-remote-group'],
    extraPrefixes: [],
  },
};

await using nats = await startNatsServer();
await fill(nats.url);
const server = fileURLToPath(new URL('server.ts', import.meta.url));
await using api = await startProcess(process.execPath, [server], {
  env: { NATS_URL: nats.url, IDENTITY: JSON.stringify(identity) },
});
const read = await api.waitForLine(/^read /, 300_000);
const port = Number((await api.waitForLine(/^port /, 60_000)).slice(5));
const proxy = await frontProxy(port);
const kubectl = [`--server=http://127.0.0.1:${(proxy.address() as AddressInfo).port}`];

console.log(`${count} jobs; the API read the stream in ${read.slice(5)} s and has ${residentMb(api, 'VmRSS')} MB\n`);
console.log('| command | time | in the API | lines | pages | page p50 | page max | API memory after | peak |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
for (const args of [
  ['get', 'jobs.genwarden.dev', '-A'],
  ['get', 'jobs.genwarden.dev', '-A', '-o', 'wide', '-l', 'part=7'],
  ['get', 'jobs.genwarden.dev', '-A', '--field-selector', 'status.state=running'],
  ['get', 'jobs.genwarden.dev', '-A', '--chunk-size=5000', '-o', 'name'],
  ['get', 'jobs.genwarden.dev', '-A', '--chunk-size=0', '-o', 'name'],
]) {
  await measured(args);
}
await watched();
proxy.close();
proxy.closeAllConnections();

async function fill(url: string): Promise<void> {
  const context = { signal: new AbortController().signal, log: pino({ level: 'silent' }) };
  const link = await connectNats({ urls: [url], prefix: 'genwarden', name: 'bench' }, context);
  const log = await natsJobLog(link, { retentionMs: 7 * 86_400_000 });
  const clock = { now: Date.now } as Parameters<typeof aSpec>[0];
  await inParallel(count, 500, async (index) => {
    const spec = aSpec(clock, `open${index}`);
    const of = { ...spec.state.of, labels: { part: String(index % 100) } };
    await log.submit([{ ...spec, state: { ...spec.state, of } }]);
  });
  await link.close();
}

async function measured(args: readonly string[]): Promise<void> {
  pages = [];
  const began = performance.now();
  const { stdout } = await run('kubectl', [...kubectl, ...args], { maxBuffer: 1_024 ** 3 });
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const sorted = pages.toSorted((one, other) => one - other).map((ms) => `${ms.toFixed(0)} ms`);
  const inApi = `${(pages.reduce((sum, ms) => sum + ms, 0) / 1_000).toFixed(1)} s`;
  const lines = stdout.trim().split('\n').length;
  const [p50, max] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  const memory = `${residentMb(api, 'VmRSS')} MB | ${residentMb(api, 'VmHWM')} MB`;
  console.log(
    `| \`kubectl ${args.join(' ')}\` | ${seconds} s | ${inApi} | ${lines} | ${sorted.length} | ${p50} | ${max} | ${memory} |`,
  );
}

/** A watch that has missed everything. */
async function watched(): Promise<void> {
  const root = '/apis/genwarden.dev/jobs-v1alpha1/jobs';
  const { stdout } = await run('kubectl', [...kubectl, 'get', '--raw', `${root}?limit=1`]);
  const { resourceVersion } = (JSON.parse(stdout) as { metadata: { resourceVersion: string } }).metadata;
  const first = `${resourceVersion.slice(0, -16)}${'0'.repeat(16)}`;
  const query = `watch=true&timeoutSeconds=20&resourceVersion=${first}`;
  const began = performance.now();
  const child = execFile('kubectl', [...kubectl, 'get', '--raw', `${root}?${query}`], { maxBuffer: 1_024 ** 3 });
  let events = 0;
  let last = began;
  for await (const chunk of child.stdout! as AsyncIterable<string>) {
    events += chunk.split('\n').length - 1;
    last = performance.now();
  }
  const seconds = ((last - began) / 1_000).toFixed(1);
  console.log(
    `\nA watch from the beginning of the stream: ${events} events in ${seconds} s, then ${residentMb(api, 'VmRSS')} MB`,
  );
}

/** Adds the user, as the aggregator does. */
async function frontProxy(to: number): Promise<Server> {
  const secrets = { cert: client.certificate, key: client.key, ca: issued.authority, servername: 'jobs.svc' };
  const proxied = createServer((incoming, outgoing) => {
    if (/^\/api(\?|$)/.test(incoming.url ?? '')) {
      outgoing.end(JSON.stringify({ kind: 'APIVersions', versions: [] }));
      return;
    }
    const began = performance.now();
    const headers = { ...incoming.headers, 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    const { method, url: path } = incoming;
    const sent = request({ host: '127.0.0.1', port: to, method, path, headers, ...secrets }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
      answer.once('end', () => {
        if (/\/jobs(\?|$)/.test(path ?? '')) pages.push(performance.now() - began);
      });
    });
    sent.once('error', () => outgoing.destroy());
    incoming.pipe(sent);
  });
  await new Promise<void>((resolve) => {
    proxied.listen(0, '127.0.0.1', resolve);
  });
  return proxied;
}
