// The dashboards of an installation in which nothing has happened yet: 0 where 0 is the truth, and words where there is no value.
import { expect, test } from 'vitest';
import { dashboardFiles } from '../../hack/dashboards.ts';
import { defaults, shown, type Dashboard, type Panel, type View } from '../support/grafana.ts';
import { startPrometheus, type Prometheus } from '../support/prometheus.ts';
import { Site } from '../support/site/site.ts';
import { until } from '../support/until.ts';

const dashboards = [...dashboardFiles().values()].map((json) => JSON.parse(json) as Dashboard);

test('a panel without a value says in words why, and all others show 0 or what is there', async () => {
  await using site = await Site.start();
  await using prometheus = await startPrometheus({ targets: site.targets() });
  await until(async () => (await prometheus.query('genwarden_workers > 0')).length > 0, { what: 'a worker' });
  // Rates need two scrapes.
  for (let scrapes = 0; scrapes < 3; scrapes += 1) await prometheus.scraped();
  const empty = (await Promise.all(dashboards.map((dashboard) => emptyOf(prometheus, dashboard)))).flat();
  const words = empty.map(({ title, fieldConfig }) => [title, fieldConfig?.defaults.noValue]);
  process.stdout.write(`${words.map(([title, nothing]) => `${title}: ${nothing}`).join('\n')}\n`);
  expect(words.filter(([, nothing]) => nothing === 'No data')).toEqual([]);
});

/** The panels whose queries all return nothing. */
async function emptyOf(prometheus: Prometheus, dashboard: Dashboard): Promise<Panel[]> {
  const end = Date.now() / 1_000;
  const values = await defaults(prometheus, dashboard);
  const view: View = { start: end - 60, end, step: 1, scrapeInterval: 2, values };
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const series = await Promise.all(
    panels.map(async ({ targets = [] }) => Promise.all(targets.map((target) => shown(prometheus, target, view)))),
  );
  return panels.filter((_, index) => series[index]!.flat().length === 0);
}
