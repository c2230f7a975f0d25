// A thousand models and a thousand tenants on real processes: the number of series of each process stays bounded.

import { expect, test } from 'vitest';
import { GenwardenClient } from '../../src/client/index.ts';
import { startPrometheus, type Prometheus } from '../support/prometheus.ts';
import { Site } from '../support/site/site.ts';
import { addValueRow } from './values/valueRows.ts';

const many = 1_000;
const text = Array.from({ length: many }, (_, at) => `gemini-2.5-flash-${at}`);
const pool = {
  name: 'default',
  models: { image: ['gemini-3.1-flash-image'], text },
  keys: [{ key: 'AIza-one', requestsPerMinute: 60_000 }],
  concurrency: 20,
};
/** The series of a process with one pool, whatever its models and tenants: most are buckets of attempts by model. */
const most = 20_000;

test('a thousand models and tenants add no series beyond those of the first fifty models', async () => {
  await using site = await Site.start({ pools: [pool] });
  await using prometheus = await startPrometheus({ targets: site.targets(), scrapeInterval: '5s' });
  await prometheus.scraped();
  const before = await seriesByPod(prometheus);

  for (let at = 0; at < many; at += 50)
    await Promise.all(text.slice(at, at + 50).map((model, offset) => write(site, model, `tenant-${at + offset}`)));
  // Names that no pool has.
  await Promise.all(
    text
      .slice(0, 100)
      .map((model) => site.client.submit({ kind: 'text', pool: `pool-${model}`, input: {} }).catch(() => 0)),
  );
  await prometheus.scraped();
  const after = await seriesByPod(prometheus);
  for (const [pod, count] of after)
    addValueRow({ metric: `series of ${pod}`, expected: `at most ${most}`, got: `${before.get(pod)} → ${count}` });

  const models = await prometheus.labelValues('model');
  expect(models.length).toBeLessThanOrEqual(52);
  expect(models).toContain('other');
  expect(await prometheus.labelValues('pool')).toEqual(['default', 'other']);
  const labels = await prometheus.labelValues('__name__');
  expect(labels.length).toBeGreaterThan(50);
  expect(await prometheus.total('sum(genwarden_tasks_finished_total{outcome="succeeded"})')).toBeGreaterThan(0);
  for (const [, count] of after) expect(count).toBeLessThan(most);
  const [slowest] = await prometheus.query('max(max_over_time(scrape_duration_seconds[1h]))');
  console.log(`slowest scrape: ${slowest!.value.toFixed(3)} s`);
}, 300_000);

async function write(site: Site, model: string, tenant: string): Promise<void> {
  const asTenant: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('genwarden-namespace', tenant);
    return fetch(input, { ...init, headers });
  };
  const client = new GenwardenClient({ url: site.url, fetch: asTenant });
  const { id } = await client.submit({ kind: 'text', model, input: { prompt: 'one word' } });
  expect((await client.wait(id)).state).toBe('succeeded');
}

async function seriesByPod(prometheus: Prometheus): Promise<ReadonlyMap<string, number>> {
  const samples = await prometheus.query('scrape_samples_scraped');
  return new Map(samples.map(({ labels, value }) => [labels['pod']!, value]));
}
