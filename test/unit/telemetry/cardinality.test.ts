// The number of series: a thousand models, tenants, pools and paths that clients make up add none that the label sets do not
// bound. docs/metrics.md shows the counted numbers; UPDATE_DOCS=1 writes them.

import { readFileSync, writeFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { beforeAll, expect, test } from 'vitest';
import { AttemptFailed, taskError } from '../../../src/job/errors/index.ts';
import { succeeded } from '../../../src/job/transitions.ts';
import { storagePlaces } from '../../../src/job/storage.ts';
import { QueueMetrics } from '../../../src/operator/runtime/queueMetrics.ts';
import { systemTimer } from '../../../src/operator/runtime/workQueue.ts';
import {
  createOperatorMetrics,
  createProcessMetrics,
  metricList,
  metricNames,
} from '../../../src/telemetry/metrics.ts';
import { showTraffic } from '../../../src/telemetry/traffic.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { made, type Generate } from '../../fakes/provider.ts';
import { freshJobId } from '../../fakes/tasks.ts';
import { startWorld } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';
import { Stage, taskOf } from '../controller/stage.ts';

/** By metric. */
type Series = ReadonlyMap<string, number>;
interface Counted {
  /** A pool with two models, one tenant, and nothing made up. */
  readonly small: Series;
  readonly hundred: Series;
  readonly thousand: Series;
}

const modelsOf = (count: number): string[] => Array.from({ length: count }, (_, at) => `model-${at}`);

interface Source {
  get(): Promise<{ name: string; values: readonly unknown[] }>;
}

async function seriesOf(sources: Iterable<Source>): Promise<Series> {
  const metrics = await Promise.all([...sources].map((source) => source.get()));
  return new Map(metrics.map(({ name, values }) => [name, values.length]));
}

const seriesIn = (registry: Registry): Promise<Series> =>
  seriesOf(metricNames.flatMap((name) => (registry.getSingleMetric(name) as unknown as Source | undefined) ?? []));

/** One task for each model that the pool lists and for as many that it does not; some calls fail. */
async function worker(count: number): Promise<Series> {
  const models = modelsOf(count);
  const generate: Generate = async ({ model }) => {
    const number = Number(model.split('-').at(-1));
    if (number % 4 !== 1) return made('done');
    const provider = { status: number % 8 === 1 ? 400 : 404 };
    throw new AttemptFailed(taskError('RequestRefused', 'The provider refused it', { provider }));
  };
  const world = startWorld(generate, { models, concurrency: 16, drainTimeoutMs: 10_000 });
  const asked = [...models, ...models.map((model) => `made-up-${model}`)];
  const tasks = asked.map((model, at) => world.submit({ of: { model, tenant: `tenant-${at}` } }).task);
  const ended = (): boolean => world.log.entries.filter(({ state }) => 'finishedAt' in state).length === tasks.length;
  await until(ended, { what: `${tasks.length} attempts`, timeoutMs: 60_000 });
  await world.worker.drain();
  return seriesIn(world.registry);
}

/** Submits to pools and for models that do not exist, unknown jobs, unknown paths. */
async function api(count: number): Promise<Series> {
  await using world = await apiWorld();
  await world.submit();
  for (let at = 0; at < count; at += 1) {
    await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' }, pool: `made-up-${at}` });
    await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' }, model: `made-up-${at}` });
    await world.get(`/v1/jobs/made-up-${at}`);
    await world.get(`/made-up-${at}`);
  }
  return await seriesOf(Object.values(world.metrics));
}

async function controller(count: number): Promise<Series> {
  const stage = new Stage();
  const models = modelsOf(count);
  await stage.pools.declare({ name: 'default', provider: 'gemini', models: { image: models, text: [] }, policy: {} });
  const { controller: leader, registry } = await stage.startController();
  for (const [at, model] of models.entries()) {
    const of = taskOf({ job: freshJobId(), model, tenant: `tenant-${at}` });
    const { running } = stage.startTask(0, 'worker-1', of);
    if (at % 2 === 0) stage.log.append(succeeded(running, stage.clock.now()));
  }
  await stage.clock.advance(30_000);
  // The first scrape shows new series at 0, and the second one their values.
  for (let scrape = 0; scrape < 3; scrape += 1) {
    leader.scraped()();
    await stage.clock.advance(1_000);
  }
  const series = await seriesIn(registry);
  await stage.close();
  return series;
}

async function operator(count: number): Promise<Series> {
  const registry = new Registry();
  const metrics = createOperatorMetrics(registry);
  for (const name of ['generationjob', 'workerpool', 'defaultpool']) {
    const queue = new QueueMetrics(name, metrics, systemTimer);
    for (let at = 0; at < count; at += 1) queue.begin(`namespace-${at}/made-up`)('success');
    queue.close();
  }
  return seriesIn(registry);
}

async function everyProcess(): Promise<Series> {
  const registry = new Registry();
  const { storageFull } = createProcessMetrics(registry, { version: '1.2.3', process: 'api' });
  for (const place of storagePlaces) storageFull.set({ place }, 0);
  showTraffic(registry, () => ({ read: { bytes: 0, waiting: 0 }, write: { bytes: 0, waiting: 0 } }));
  await registry.metrics();
  return seriesIn(registry);
}

const sources = { api, worker, controller, operator, 'every process': everyProcess };
const counted = new Map<string, Counted>();
beforeAll(async () => {
  for (const [process, count] of Object.entries(sources))
    counted.set(process, { small: await count(2), hundred: await count(100), thousand: await count(1_000) });
}, 240_000);

test.each(Object.keys(sources))('%s: a thousand of each have no more series than a hundred', (process) => {
  const { hundred, thousand } = counted.get(process)!;
  expect(thousand.size).toBeGreaterThan(4);
  expect([...thousand]).toEqual([...hundred]);
});

test('labels are none that clients or the size of an installation can fill', () => {
  const labels = new Set(metricList.flatMap((metric): readonly string[] => metric.labels));
  expect(['job', 'task', 'tenant', 'worker', 'id', 'path', 'url', 'prompt'].filter((it) => labels.has(it))).toEqual([]);
});

test('docs/metrics.md shows how many series each process has', () => {
  const path = new URL('../../../docs/metrics.md', import.meta.url);
  const page = readFileSync(path, 'utf8');
  const rows = [...counted].flatMap(([process, series]) => rowsOf(process, series));
  console.log(rows.join('\n'));
  const table = /(?<=^\| process +\| metric +\|.*\n\|[ |:-]+\n)(?:\|.*\n)+/m;
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, page.replace(table, `${rows.join('\n')}\n`));
  const shown = table.exec(readFileSync(path, 'utf8'))![0].trim().split('\n');
  expect(shown.map(cellsOf)).toEqual(rows.map(cellsOf));
});

const cellsOf = (row: string): string[] => row.split('|').map((cell) => cell.trim());

/** All series of the process, then the metrics with most of them. */
function rowsOf(process: string, { small, thousand }: Counted): string[] {
  const sum = (series: Series): number => [...series.values()].reduce((total, count) => total + count, 0);
  const largest = [...thousand].filter(([, count]) => count >= 100).toSorted(([, a], [, b]) => b - a);
  return [
    `| ${process} | all | ${sum(small)} | ${sum(thousand)} |`,
    ...largest.map(([name, count]) => `| | \`${name}\` | ${small.get(name)!} | ${count} |`),
  ];
}
