// Takes the pictures of docs/images/console from an installation of real processes in which every situation exists at once: each page
// in both themes and at phone width. `--full` keeps every colour and writes to another folder: `--to DIR`; `--only NAME` takes some.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { openConsole, phoneWidth, startBrowser, type ConsoleOptions } from '../test/browser/console/browser.ts';
import { consolePages, ready, type ConsolePageOf } from '../test/browser/console/consolePages.ts';
import { Site } from '../test/support/site/site.ts';
import { startShowcase, type Showcase } from '../test/browser/console/situations/showcase.ts';
import { loseWorker, overdueTask } from '../test/browser/console/situations/trouble.ts';

const options = {
  to: { type: 'string' },
  full: { type: 'boolean' },
  only: { type: 'string', multiple: true },
} as const;
const { values } = parseArgs({ options });
const folder = values.to ?? join(import.meta.dirname, '../docs/images/console');

const views: Readonly<Record<string, ConsoleOptions>> = {
  light: { theme: 'light' },
  dark: { theme: 'dark' },
  phone: { theme: 'light', width: phoneWidth },
};

/** What must happen before these pages are taken, in this order, because it changes the other pages. */
const last: Readonly<Record<string, (showcase: Showcase) => Promise<unknown>>> = {
  workers: ({ site }) => loseWorker(site),
  stuck: ({ site }) => overdueTask(site),
};

await mkdir(folder, { recursive: true });
const browser = await startBrowser();
try {
  await takeShowcase(browser);
  if (isWanted('sign-in')) await takeSignIn(browser);
} finally {
  await browser.close();
}

async function takeShowcase(chromium: Browser): Promise<void> {
  const showcase = await startShowcase('full');
  try {
    const wanted = consolePages.filter(({ name }) => isWanted(name));
    for (const page of wanted.filter(({ name }) => !(name in last))) await take(chromium, showcase, page);
    for (const [name, happens] of Object.entries(last)) {
      const page = wanted.find((one) => one.name === name);
      if (page === undefined) continue;
      await happens(showcase);
      await take(chromium, showcase, page);
    }
  } finally {
    await showcase.site[Symbol.asyncDispose]();
  }
}

/** A page that does not show what it has to fails the run at its end, and not the pictures of the others. */
async function take(chromium: Browser, showcase: Showcase, page: ConsolePageOf): Promise<void> {
  try {
    await takeViews(chromium, showcase, page);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${page.name}: ${String(error)}\n`);
  }
}

async function takeViews(chromium: Browser, { site, ...rest }: Showcase, page: ConsolePageOf): Promise<void> {
  const { name, path, shows, inDocs, height } = page;
  for (const [view, how] of Object.entries(views)) {
    if (inDocs === 'light' && view !== 'light' && values.full !== true) continue;
    const seen = height === undefined || how.width !== undefined ? how : { ...how, height };
    await using tab = await openConsole(chromium, site.url, seen);
    await tab.visit(path({ site, ...rest }));
    await ready(tab.page, shows);
    await save(`${name}-${view}`, await tab.page.screenshot());
  }
}

async function takeSignIn(chromium: Browser): Promise<void> {
  await using site = await Site.start({ tokens: { ann: ['jobs:read'] } });
  for (const [view, how] of Object.entries(views)) {
    await using tab = await openConsole(chromium, site.url, how);
    await tab.visit('/');
    await save(`sign-in-${view}`, await tab.page.screenshot());
  }
}

function isWanted(name: string): boolean {
  return values.only === undefined || values.only.includes(name);
}

/** As small as a palette makes it. */
async function save(name: string, screenshot: Buffer): Promise<void> {
  const small = sharp(screenshot).png({ palette: true, colours: 128, effort: 10, dither: 0.6 });
  const bytes = values.full === true ? screenshot : await small.toBuffer();
  await writeFile(join(folder, `${name}.png`), bytes);
  process.stdout.write(`${name}.png  ${Math.round(bytes.length / 1_024)} kB\n`);
}
