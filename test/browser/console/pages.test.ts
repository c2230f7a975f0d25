// Every page of the console, in an installation in which every situation exists at once: axe finds nothing in either theme and at
// phone width, nothing scrolls sideways, the keyboard reaches every control, and no page does what it must not.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openConsole, phoneWidth, startBrowser, type ConsoleOptions } from './browser.ts';
import { axeViolations, sidewaysScroll, tabThrough } from './checks.ts';
import { consolePages, ready } from './consolePages.ts';
import { startShowcase, type Showcase } from './situations/showcase.ts';

let showcase: Showcase;
let browser: Browser;

beforeAll(async () => {
  [showcase, browser] = await Promise.all([startShowcase('small'), startBrowser()]);
}, 180_000);

afterAll(async () => {
  await browser.close();
  await showcase.site[Symbol.asyncDispose]();
});

const views: readonly (readonly [name: string, options: ConsoleOptions])[] = [
  ['light', { theme: 'light' }],
  ['dark', { theme: 'dark' }],
  [`${phoneWidth} px wide`, { theme: 'light', width: phoneWidth }],
];

describe.each(views)('%s', (_, options) => {
  test.each(consolePages)('$name', async ({ path, shows }) => {
    await using tab = await openConsole(browser, showcase.site.url, options);
    await tab.visit(path(showcase));
    await ready(tab.page, shows);
    expect(await sidewaysScroll(tab.page)).toEqual([]);
    expect(await axeViolations(tab.page)).toEqual([]);
    expect(await tab.complaints()).toEqual([]);
  });
});

test.each(consolePages)('Tab reaches every control of $name, and shows where it is', async ({ path, shows }) => {
  await using tab = await openConsole(browser, showcase.site.url);
  await tab.visit(path(showcase));
  await ready(tab.page, shows);
  const { stops, ...wrong } = await tabThrough(tab.page);
  expect(wrong).toEqual({ missed: [], unmarked: [] });
  // The frame alone has the links of the pages, the search and the choice of the theme.
  expect(stops).toBeGreaterThan(8);
});
