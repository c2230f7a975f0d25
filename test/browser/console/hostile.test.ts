// Texts that try to break the console: HTML, scripts, text from right to left, emoji and the longest that the API admits, as prompts,
// names, metadata, outputs and words of the provider; and a job of 500 tasks. They are shown as they are, and nothing runs.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addBrowserRow } from '../rows.ts';
import { openConsole, phoneWidth, startBrowser, type ConsoleOptions } from './browser.ts';
import { axeViolations, sidewaysScroll } from './checks.ts';
import { isLive } from './live.ts';
import { Site } from '../../support/site/site.ts';
import { hostileJobs, markup, type Hostile } from './situations/hostile.ts';
import { largeJob } from './situations/many.ts';

let site: Site;
let browser: Browser;
let hostile: Hostile;
let large: string;

beforeAll(async () => {
  const pools = [{ name: 'default', concurrency: 16, keys: [{ key: 'AIza-one', requestsPerMinute: 60_000 }] }];
  [site, browser] = await Promise.all([Site.start({ pools }), startBrowser()]);
  hostile = await hostileJobs(site);
  large = await largeJob(site);
}, 180_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

const row = (request: string, seen: string): void =>
  addBrowserRow({ page: 'the console', request, seen, answer: '200', changed: 'no' });

const tabs = ['timeline', 'pictures', 'history', 'input', 'json'];
const views: readonly (readonly [name: string, options: ConsoleOptions])[] = [
  ['a wide page', {}],
  ['a phone', { width: phoneWidth }],
];

test.each(views)('on %s, nothing runs and nothing scrolls sideways', async (_, options) => {
  await using tab = await openConsole(browser, site.url, options);
  const { page } = tab;
  const jobs = Object.entries(hostile) as [string, string][];
  const paths = ['/', ...jobs.flatMap(([, job]) => tabs.map((name) => `/jobs/${job}?tab=${name}`))];
  for (const path of paths) {
    await tab.visit(path);
    await isLive(page);
    expect([path, await page.evaluate(`globalThis.pwned`)]).toEqual([path, undefined]);
    expect([path, await sidewaysScroll(page)]).toEqual([path, []]);
  }
  expect(await tab.complaints()).toEqual([]);
  if (options.width === undefined) row(`${jobs.length} jobs of hostile texts, ${paths.length} pages`, 'text');
});

test('markup is shown as the text that it is', async () => {
  await using tab = await openConsole(browser, site.url);
  const { page } = tab;
  await tab.visit(`/jobs/${hostile.markup}?tab=input`);
  await page.getByRole('main').getByText('<script>globalThis.pwned = 1</script>').first().waitFor();
  await tab.visit(`/jobs/${hostile.markup}?tab=pictures`);
  await page.getByRole('main').getByText(markup.slice(0, 60)).first().waitFor();
  expect(await axeViolations(page)).toEqual([]);
  expect(await tab.complaints()).toEqual([]);
});

test('a text of 100 kB is shown on demand', async () => {
  await using tab = await openConsole(browser, site.url);
  const { page } = tab;
  await tab.visit(`/jobs/${hostile.long}?tab=json`);
  await isLive(page);
  const shown = (): Promise<number> => page.evaluate<number>(`document.querySelector('main').textContent.length`);
  const before = await shown();
  expect(before).toBeLessThan(80_000);
  await page.getByRole('button', { name: /^Show/ }).first().click();
  await expect.poll(shown).toBeGreaterThan(100_000);
  expect(await tab.complaints()).toEqual([]);
  row('an output of 100 kB', `${before} characters until it is asked for`);
});

test.each(views)('a job of 500 tasks on %s', async (_, options) => {
  await using tab = await openConsole(browser, site.url, options);
  const { page } = tab;
  for (const name of tabs) {
    await tab.visit(`/jobs/${large}?tab=${name}`);
    await isLive(page);
    expect([name, await sidewaysScroll(page)]).toEqual([name, []]);
  }
  const elements = await page.evaluate<number>(`document.querySelectorAll('*').length`);
  expect(await tab.complaints()).toEqual([]);
  if (options.width === undefined) row('a job of 500 tasks', `every tab, up to ${elements} elements`);
});
