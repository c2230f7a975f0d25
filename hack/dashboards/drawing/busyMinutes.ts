// Six minutes of a whole installation, in which everything happens that the dashboards show: two pools under load, refusals, rate
// limits, an outage of the provider, a lost worker, a full queue, a change of the leading controller, and receivers of webhooks
// that fail. A real Prometheus scrapes it.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SubmitRequest } from '../../../src/client/index.ts';
import { startEmptyCluster } from '../../../test/support/emptyCluster.ts';
import { startPrometheus, type Prometheus } from '../../../test/support/prometheus.ts';
import { Site } from '../../../test/support/site/site.ts';
import { tempFolder } from '../../../test/support/tempFolder.ts';
import { until } from '../../../test/support/until.ts';
import { writeSecrets } from '../../../test/support/webhookReceiver.ts';

const models = {
  picture: 'gemini-3.1-flash-image',
  photo: 'gemini-3-pro-image',
  writing: 'gemini-2.5-flash',
} as const;
const price = { input: 0.3, output: 30 };

const pools = [
  {
    name: 'default',
    models: { image: [models.picture], text: [models.writing] },
    keys: [
      { key: 'AIza-one', requestsPerMinute: 600 },
      { key: 'AIza-two', requestsPerMinute: 600 },
    ],
    concurrency: 4,
    prices: { [models.picture]: price, [models.writing]: price },
    budgets: { day: 12, month: 250 },
  },
  {
    name: 'photos',
    models: { image: [models.photo], text: [] },
    keys: [{ key: 'AIza-photos', requestsPerMinute: 600 }],
    concurrency: 3,
    prices: { [models.photo]: price },
    budgets: { day: 4, month: 100 },
  },
];

/** What happens when, in seconds from the start. */
const events: readonly (readonly [at: number, happens: (site: Site) => Promise<void>])[] = [
  [70, loseWorker],
  [120, async ({ standin }) => standin.behaveForModel(models.photo, { kind: 'status', status: 503 })],
  [175, async ({ standin }) => standin.behaveForModel(models.photo, photos)],
  [200, async ({ standin }) => standin.behaveForKey('AIza-two', { kind: 'rate-limited', retryMs: 8_000 })],
  [230, async ({ standin }) => standin.behaveForKey('AIza-two', undefined)],
  [240, burst],
  [290, changeController],
];
const lengthMs = 360_000;

const photos = { kind: 'image', bytes: 'small', latencyMs: 5_000 } as const;

export interface BusyMinutes {
  readonly prometheus: Prometheus;
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
}

/** Resolves at the end of the six minutes. Whatever it starts belongs to `owned`. */
export async function busyMinutes(owned: AsyncDisposableStack): Promise<BusyMinutes> {
  const receivers = await startReceivers(owned);
  const folder = owned.use(await tempFolder('dashboards'));
  const secrets = join(folder.path, 'webhook-secrets.json');
  await writeSecrets(secrets, ['default'], [`whsec_${Buffer.alloc(32, 7).toString('base64')}`]);
  const env = {
    GENWARDEN_WEBHOOK_SECRETS_FILE: secrets,
    GENWARDEN_WEBHOOK_ALLOW: '127.0.0.0/8',
    GENWARDEN_NATS_MAX_BYTES: '8MiB',
  };
  const tokens = { admin: ['jobs:read', 'jobs:write', 'admin'] } as const;
  const site = owned.use(await Site.start({ pools, env, tokens }));
  site.standin.behave({ kind: 'image', bytes: 'small', latencyMs: 1_500 });
  site.standin.behaveForModel(models.photo, photos);
  await site.controller.waitForLine(/leader_elected/, 60_000);
  await site.start('controller');
  await site.start('operator', owned.use(await startEmptyCluster('default')).env);
  await site.startWorker('default');
  const prometheus = owned.use(await startPrometheus({ targets: site.targets(), scrapeInterval: '2s' }));
  await prometheus.scraped();
  const start = Date.now() / 1_000;
  await Promise.all([
    load(site, receivers, start),
    ...events.map(([at, happens]) => later(site, at, happens, prometheus)),
  ]);
  await prometheus.scraped();
  return { prometheus, start, end: Date.now() / 1_000 };
}

async function later(site: Site, at: number, happens: (site: Site) => Promise<void>, prometheus: Prometheus) {
  await sleep(at * 1_000);
  await happens(site);
  await prometheus.setTargets(site.targets());
}

/** A job every second, most of which succeed. */
async function load(site: Site, webhooks: readonly string[], start: number): Promise<void> {
  for (let count = 0; Date.now() / 1_000 - start < lengthMs / 1_000; count += 1) {
    const webhook =
      count % 5 === 0 ? { webhook: { url: webhooks[count % 60 === 0 ? 2 : count % 25 === 0 ? 1 : 0]! } } : {};
    // Refused submits belong to it.
    const job = await site.client.submit({ ...requestOf(count), ...webhook }).catch(() => undefined);
    if (count % 40 === 38 && job !== undefined) await site.client.cancel(job.id);
    await sleep(900);
  }
}

function requestOf(count: number): SubmitRequest {
  const prompt = (marker: string) => ({
    prompt: `Picture ${count} of a garden${marker === '' ? '' : ` [standin: ${marker}]`}`,
  });
  if (count % 30 === 7) return { ...image, input: prompt('status 500 x1'), policy: quick };
  if (count % 30 === 13) return { ...image, input: prompt('refuse-prompt SAFETY') };
  if (count % 30 === 17) return { ...image, input: prompt('429 retry 2s x1') };
  if (count % 120 === 21) return { ...image, input: prompt('nonsense'), policy: { ...quick, maxAttempts: 2 } };
  if (count % 30 === 25) return { ...image, input: prompt(''), policy: { review: 'always' } };
  if (count % 30 === 29) return { ...image, model: 'gemini-unknown', input: prompt('') };
  if (count % 3 === 0) return { kind: 'text', pool: 'default', input: prompt('') };
  if (count % 8 === 4) return { ...photo, input: prompt(''), policy: { fallback: [{ pool: 'default' }] } };
  return count % 4 === 0 ? { ...photo, input: prompt('') } : { ...image, input: prompt('') };
}

const image = { kind: 'image', pool: 'default' } as const;
const photo = { kind: 'image', pool: 'photos' } as const;
const quick = { backoff: { initial: '2s', max: '4s' } };

/** While both workers run tasks. */
async function loseWorker(site: Site): Promise<void> {
  const worker = site.workers.get('default')!;
  const tasks = Array.from({ length: 8 }, (_, index) => ({ name: `wall-${index}` }));
  const { id } = await site.client.submit({ ...image, input: { prompt: 'A wall of roses [standin: slow 6s]' }, tasks });
  await until(async () => (await site.client.get(id)).progress.running >= 6, {
    what: 'running tasks',
    timeoutMs: 60_000,
  });
  worker.kill('SIGKILL');
  await worker.exited;
  await sleep(20_000);
  await site.startWorker('default');
}

async function burst({ client }: Site): Promise<void> {
  const tasks = Array.from({ length: 60 }, (_, index) => ({ name: `page-${index}` }));
  const { id } = await client.submit({ ...image, input: { prompt: 'A catalogue of gardens' }, tasks });
  // An open event stream.
  await Array.fromAsync(client.watch(id));
}

/** The first controller leads until now. */
async function changeController(site: Site): Promise<void> {
  site.controller.kill('SIGKILL');
  await site.controller.exited;
  await sleep(10_000);
  await site.start('controller');
}

/** One that accepts every delivery, one that fails, and one that wants no more. */
async function startReceivers(owned: AsyncDisposableStack): Promise<string[]> {
  const answering = (status: number): Server =>
    createServer((request, response) => {
      request.resume();
      response.writeHead(status).end();
    });
  const servers = [204, 500, 410].map(answering);
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    owned.defer(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  return servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
}
