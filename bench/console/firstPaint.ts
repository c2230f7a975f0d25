// How soon the console paints on the loopback interface, compared with a bare page that the same process serves.

import type { Browser } from 'playwright-core';
import { until } from '../../test/support/until.ts';
import { percentiles } from '../measure.ts';

const loads = 15;

export async function firstPaints(browser: Browser, url: string): Promise<string[][]> {
  const bare = await paints(browser, `${url}/healthz`);
  const list = await paints(browser, `${url}/`);
  const row = (page: string, { p50, max }: { p50: number; max: number }): string[] => [
    page,
    p50.toFixed(0),
    max.toFixed(0),
  ];
  const ratio = ['ratio', (list.p50 / bare.p50).toFixed(1), (list.max / bare.max).toFixed(1)];
  return [row('/healthz, a bare page', bare), row('/, the list of jobs', list), ratio];
}

/** ms, each in a tab with an empty cache. */
async function paints(browser: Browser, page: string): Promise<ReturnType<typeof percentiles>> {
  const times: number[] = [];
  for (let load = 0; load < loads; load += 1) {
    const tab = await browser.newPage();
    await tab.goto(page);
    const paint = `performance.getEntriesByName('first-contentful-paint')[0]?.startTime`;
    times.push(await until(() => tab.evaluate<number>(paint), { what: 'the first paint' }));
    await tab.close();
  }
  return percentiles(times);
}
