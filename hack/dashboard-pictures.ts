// Draws the pictures of docs/images/dashboards: an installation of real processes runs for six minutes, and each dashboard shows what
// a real Prometheus answers to its queries. `--prometheus URL --from SECONDS --to SECONDS` draws a time range
// of another one, and `--hold` keeps this one running for that.

import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { launchChromium } from '../test/browser/chromium.ts';
import { defaults, shown, type Dashboard, type View } from '../test/support/grafana.ts';
import { prometheusQueries, type PrometheusQueries } from '../test/support/prometheusQueries.ts';
import { dashboardFiles } from './dashboards.ts';
import { busyMinutes, type BusyMinutes } from './dashboards/drawing/busyMinutes.ts';
import { pageHeight, pageHtml, pageWidth } from './dashboards/drawing/page.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { to: text, from: text, prometheus: text, folder: text, hold: { type: 'boolean' } },
});
const folder = values.folder ?? join(import.meta.dirname, '../docs/images/dashboards');

/** Seconds. Prometheus scrapes every two; rates over longer intervals are smoother. */
const [step, scrapeInterval] = [2, 7];

interface Recorded {
  readonly prometheus: PrometheusQueries;
  readonly start: number;
  readonly end: number;
}

await using owned = new AsyncDisposableStack();
const browser = await launchChromium();
owned.defer(() => browser.close());
await mkdir(folder, { recursive: true });
const recorded = await record();
for (const [name, json] of dashboardFiles())
  await draw(browser, name.replace('.json', '.png'), JSON.parse(json) as Dashboard, recorded);

if (values.hold === true) await hold(recorded as BusyMinutes);

/** Keeps Prometheus for another run, until Ctrl-C. */
async function hold({ prometheus: { url }, start, end }: BusyMinutes): Promise<void> {
  process.stdout.write(`--prometheus ${url} --from ${start} --to ${end}\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

async function record(): Promise<Recorded> {
  if (values.prometheus === undefined) return busyMinutes(owned);
  return { prometheus: prometheusQueries(values.prometheus), start: Number(values.from), end: Number(values.to) };
}

async function draw(chromium: Browser, name: string, dashboard: Dashboard, { prometheus, start, end }: Recorded) {
  const view: View = { start, end, step, scrapeInterval, values: await defaults(prometheus, dashboard) };
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const drawn = await Promise.all(
    panels.map(async (panel) => {
      const series = await Promise.all((panel.targets ?? []).map((target) => shown(prometheus, target, view)));
      return { panel, series: series.flat() };
    }),
  );
  const page = await chromium.newPage({ viewport: { width: pageWidth, height: pageHeight(dashboard) } });
  await page.setContent(pageHtml(dashboard, drawn, view));
  await save(name, await page.screenshot());
  await page.close();
}

/** As small as a palette makes it. */
async function save(name: string, screenshot: Buffer): Promise<void> {
  const bytes = await sharp(screenshot).png({ palette: true, colours: 64, effort: 10, dither: 0 }).toBuffer();
  await writeFile(join(folder, name), bytes);
  process.stdout.write(`${name}  ${Math.round(bytes.length / 1_024)} kB\n`);
}
