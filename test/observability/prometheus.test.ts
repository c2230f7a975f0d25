// The Prometheus of these tests: it scrapes, evaluates rules and alerts, and takes exemplars.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { promtool, startPrometheus } from '../support/prometheus.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { until } from '../support/until.ts';

const rules = JSON.stringify({
  groups: [
    {
      name: 'test',
      rules: [
        { record: 'pages:doubled', expr: 'pages_total * 2' },
        { alert: 'ManyPages', expr: 'pages_total > 5', labels: { severity: 'warning' } },
      ],
    },
  ],
});

test('scrapes its targets, evaluates rules, fires alerts and takes exemplars', async () => {
  let pages = 3;
  const url = await startTarget(() => pages);
  await using folder = await tempFolder('rules');
  const file = join(folder.path, 'rules.yaml');
  await writeFile(file, rules);
  expect(await promtool(['check', 'rules', file])).toMatchObject({ code: 0 });

  const target = { job: 'pages', url, labels: { namespace: 'here' } };
  await using prometheus = await startPrometheus({ targets: [target], ruleFiles: [file] });
  await prometheus.scraped();
  const [sample] = await prometheus.query('pages_total');
  expect(sample).toMatchObject({ value: 3, labels: { job: 'pages', namespace: 'here' } });
  await until(async () => (await prometheus.total('pages:doubled')) === 6, { what: 'the recording rule' });
  expect(await prometheus.alerts()).toEqual([]);

  pages = 8;
  const fires = async (): Promise<boolean> => (await prometheus.alerts()).some(({ state }) => state === 'firing');
  await until(fires, { what: 'the alert', timeoutMs: 30_000 });
  const [{ exemplars } = { exemplars: [] }] = await prometheus.exemplars('pages_total');
  expect(exemplars.map(({ labels }) => labels)).toContainEqual({ trace_id: 'abc' });
  const [raw] = await prometheus.samples('pages_total');
  expect(raw!.points.map(({ value }) => value)).toEqual(expect.arrayContaining([3, 8]));
});

test('follows a change of its targets, and says which do not answer', async () => {
  const [first, second] = [await startTarget(() => 1), await startTarget(() => 2)];
  await using prometheus = await startPrometheus({ targets: [{ job: 'pages', url: first }] });
  await prometheus.scraped();
  const away = 'http://127.0.0.1:1';
  await prometheus.setTargets([first, second, away].map((url) => ({ job: 'pages', url })));
  await prometheus.scraped();
  expect(await prometheus.total('pages_total')).toBe(3);
  const down = (await prometheus.targets()).filter(({ health }) => health === 'down');
  expect(down.map(({ scrapeUrl }) => scrapeUrl)).toEqual([`${away}/metrics`]);
  await expect(prometheus.query('sum(')).rejects.toThrow('Prometheus refuses sum(: invalid parameter "query"');
});

/** Ends with the test. */
async function startTarget(pages: () => number): Promise<string> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    response.end(`# TYPE pages counter\npages_total ${pages()} # {trace_id="abc"} 1\n# EOF\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
