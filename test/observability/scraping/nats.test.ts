// Scrapes while NATS is frozen, and after it was killed: each process answers in time and says that it is not connected.

import { expect, test } from 'vitest';
import { startPrometheus, type Prometheus } from '../../support/prometheus.ts';
import { Site } from '../../support/site/site.ts';
import { until } from '../../support/until.ts';

const connected = (prometheus: Prometheus): Promise<number> => prometheus.total('genwarden_nats_connected');

async function untilConnected(prometheus: Prometheus, count: number, what: string): Promise<void> {
  await until(async () => (await connected(prometheus)) === count, { what, timeoutMs: 60_000, intervalMs: 200 });
}

test('processes answer scrapes while NATS is frozen or gone', async () => {
  await using site = await Site.start();
  // A scrape may take as long as the interval.
  await using prometheus = await startPrometheus({ targets: site.targets(), scrapeInterval: '2s' });
  await prometheus.scraped();
  await untilConnected(prometheus, 3, 'all processes to be connected');

  site.nats.kill('SIGSTOP');
  await untilConnected(prometheus, 0, 'the processes to notice the frozen server');
  await prometheus.scraped();
  site.nats.kill('SIGCONT');
  await untilConnected(prometheus, 3, 'all processes to be connected again');

  site.nats.kill('SIGKILL');
  await site.nats.exited;
  await untilConnected(prometheus, 0, 'the processes to notice the end of the server');
  await prometheus.scraped();
  await site.nats.restart();
  await untilConnected(prometheus, 3, 'all processes to be connected to the new server');

  const up = await prometheus.samples('up');
  const slowest = await prometheus.query('max(max_over_time(scrape_duration_seconds[1h]))');
  console.log(`slowest scrape with NATS frozen and killed: ${slowest[0]!.value.toFixed(3)} s`);
  expect(up.flatMap(({ points }) => points.map(({ value }) => value))).not.toContain(0);
  const job = await site.client.submit({ kind: 'image', input: { prompt: 'after the faults [standin: image small]' } });
  expect((await site.client.wait(job.id)).state).toBe('succeeded');
}, 180_000);
