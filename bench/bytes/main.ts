// `make bench-bytes`: pictures of 2 MB through one worker, with the delays of its event loop, and downloads through the API, beside
// the object store's own client and plain files. Every picture must be stored, and arrive with all of its bytes.

import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { sleep } from '../../src/async/sleep.ts';
import { connectNats } from '../../src/adapters/nats/index.ts';
import { markdownTable } from '../../test/support/markdownTable.ts';
import { startNatsServer } from '../../test/support/natsServer.ts';
import { startProcess } from '../../test/support/process.ts';
import { tempFolder } from '../../test/support/tempFolder.ts';
import { until } from '../../test/support/until.ts';
import { inParallel, timed } from '../measure.ts';
import { aSpec, declarePools, openOurs } from '../ours.ts';
import { environment, start, urlOf } from '../processes.ts';
import { machine, machineLines, save, versions } from '../result.ts';
import { diskLoop, objectStoreLoop } from './loops.ts';

const { values } = parseArgs({
  options: {
    /** Pictures a second. */
    rate: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '15' },
    json: { type: 'string' },
  },
});
const [rate, seconds] = [Number(values.rate), Number(values.seconds)];
const [size, atOnce, patience] = [2_000_000, 4, 180_000];
const count = rate * seconds;

const result = { startedAt: new Date().toISOString(), machine: machine(), versions: versions(), options: values };
process.stdout.write(`${machineLines(result)}\n`);
await using owned = new AsyncDisposableStack();
const folder = owned.use(await tempFolder('bytes'));
const nats = owned.use(await startNatsServer());
const signal = new AbortController().signal;
const settings = { urls: [nats.url], prefix: 'genwarden', name: 'bench-bytes' };
const link = await connectNats(settings, { signal, log: pino({ level: 'silent' }) });
owned.defer(() => link.close());
const ours = await openOurs(link);
await declarePools(link, ['default']);

const worker = await throughWorker();
const download = await throughApi();
const bare = await objectStoreLoop(link.connection, count, size, atOnce);
const disk = await diskLoop(join(folder.path, 'files'), count, size, atOnce);
report();

interface Worked {
  /** ms. */
  readonly lag: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly peakMb: number;
  /** From the first submit to the last end; at the rate or below. */
  readonly megabytesPerSecond: number;
}

async function throughWorker(): Promise<Worked> {
  const program = fileURLToPath(new URL('worker.ts', import.meta.url));
  const args = ['--max-semi-space-size=2', program, nats.url, String(count)];
  await using running = await startProcess(process.execPath, args, { readyWhen: /^ready/, timeoutMs: patience });
  const begun = performance.now();
  for (let index = 0; index < count; index += 1) {
    const wait = begun + (index * 1_000) / rate - performance.now();
    if (wait > 1) await sleep(wait);
    await ours.log.submit([aSpec(ours.clock, jobId(index), `picture ${index}`, 'image')]);
  }
  const line = await running.waitForLine(/^\{/, patience);
  const taken = performance.now() - begun;
  const figures = JSON.parse(line) as Omit<Worked, 'megabytesPerSecond'>;
  return { ...figures, megabytesPerSecond: (count * size) / 1_000 / taken };
}

/** MB/s. */
async function throughApi(): Promise<number> {
  const env = environment(nats, 'http://127.0.0.1:9');
  await using api = await start(['api'], { env, readyWhen: /API on/, timeoutMs: patience });
  const url = urlOf(api);
  await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the API', timeoutMs: patience });
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const one = (index: number): Promise<void> =>
    downloadOne(`${url}/v1/jobs/${jobId(index)}/tasks/0/artifacts/image`, agent);
  const taken = await timed(() => inParallel(count, atOnce, one));
  agent.destroy();
  return (count * size) / 1e6 / taken;
}

function downloadOne(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () => {
        if (response.statusCode === 200 && bytes === size) resolve();
        else reject(new Error(`${url} answered ${response.statusCode} with ${bytes} bytes instead of ${size}`));
      });
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

function jobId(index: number): string {
  return `01${String(index).padStart(24, '0')}`;
}

function report(): void {
  const text = (value: number): string => value.toFixed(0);
  const row = (title: string, stored: number, read: number): string[] => [
    title,
    text(stored),
    text(read),
    `${text((download * 100) / read)} %`,
  ];
  const lines = [
    [`worker at ${rate} pictures/s; API`, text(worker.megabytesPerSecond), text(download), ''],
    row('object store, bare loop', bare.store, bare.read),
    row('files', disk.store, disk.read),
  ];
  const { lag, peakMb } = worker;
  const titles = [`${count} pictures of 2 MB`, 'store (MB/s)', 'read (MB/s)', 'API compared with it'];
  process.stdout.write(
    `\n${markdownTable(titles, lines)}event loop of the worker: p50 ${lag.p50.toFixed(1)}, p99 ${lag.p99.toFixed(1)}, ` +
      `max ${lag.max.toFixed(1)} ms (goal: max < 20); its peak memory ${text(peakMb)} MB\n`,
  );
  save(values.json, { ...result, worker, download, bare, disk });
}
