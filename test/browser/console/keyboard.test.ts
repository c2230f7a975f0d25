// The console by keyboard alone: search, rows, cancel, retry, the list of keys, and decisions in a review. Dialogs keep the focus, and
// give it back.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { anImage } from '../../support/installation.ts';
import { openConsole, startBrowser, type ConsolePage } from './browser.ts';
import { axeViolations } from './checks.ts';
import { isLive, rowOf } from './live.ts';
import { Site } from '../../support/site/site.ts';
import { seriesInReview } from './situations/reviews.ts';

let site: Site;
let browser: Browser;
let tab: ConsolePage;

beforeAll(async () => {
  [site, browser] = await Promise.all([Site.start(), startBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

beforeEach(async () => {
  site.standin.behave({ kind: 'image', bytes: 'small' });
  tab = await openConsole(browser, site.url);
  return async () => {
    const complaints = await tab.complaints();
    await tab[Symbol.asyncDispose]();
    expect(complaints).toEqual([]);
  };
});

const hasFocus = (page: Page, within: string): Promise<boolean> =>
  page.evaluate<boolean>(`document.activeElement?.closest(${JSON.stringify(within)}) !== null`);

/** The state of a job, as the API gives it. */
const stateOf = async (job: string): Promise<string> => (await site.client.get(job, { tasks: false })).state;

test('/ focuses the search, which filters the list by its address', async () => {
  const { page, visit } = tab;
  const { id } = await site.client.submit(anImage('a lighthouse in fog', { labels: { project: 'coast' } }));
  const other = await site.client.submit(anImage('a mountain'));
  await visit('/');
  await rowOf(page, other.id).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('lighthouse');
  await page.keyboard.press('Enter');
  await rowOf(page, other.id).waitFor({ state: 'detached' });
  await rowOf(page, id).waitFor();
  await page.waitForURL('**/?search=lighthouse');
  await page.goBack();
  await rowOf(page, other.id).waitFor();
});

test('? lists the keys in a dialog that keeps the focus and gives it back', async () => {
  const { page, visit } = tab;
  await visit('/');
  const opener = page.getByRole('button', { name: 'Keyboard shortcuts' });
  await opener.focus();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  for (let presses = 0; presses < 8; presses += 1) {
    await page.keyboard.press('Tab');
    const outside = await page.evaluate<boolean>(
      `document.activeElement !== document.body && document.activeElement.closest('dialog') === null`,
    );
    expect(outside).toBe(false);
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await expect
    .poll(() => page.evaluate(`document.activeElement.getAttribute('aria-label')`))
    .toBe('Keyboard shortcuts');
});

test('j and k move through the rows, Enter opens one, c cancels and R retries', async () => {
  const { page, visit } = tab;
  site.standin.behave({ kind: 'refuse-output' });
  const failed = await site.client.submit(anImage('a job that fails'));
  await site.client.wait(failed.id);
  site.standin.behave({ kind: 'hang' });
  const running = await site.client.submit(anImage('a job that hangs'));
  await visit('/');
  await isLive(page);
  await rowOf(page, running.id).waitFor();
  for (const key of ['j', 'j', 'k']) await page.keyboard.press(key);
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await dialog
    .getByRole('button', { name: /^Cancel/ })
    .last()
    .click();
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(() => stateOf(running.id)).toBe('cancelled');

  site.standin.behave({ kind: 'image', bytes: 'small' });
  await page.keyboard.press('j');
  await page.keyboard.press('R');
  const confirm = page
    .getByRole('dialog')
    .getByRole('button', { name: /^Retry/ })
    .last();
  await confirm.waitFor();
  await confirm.click();
  await expect.poll(() => stateOf(failed.id)).toBe('succeeded');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === `/jobs/${failed.id}`);
  // Also a browser that asks for the icon again, at the address of another page, finds it.
  const icon = await page.evaluate(`document.querySelector('link[rel=icon]').href`);
  expect(icon).toBe(`${site.url}/console/icon.svg`);
});

test('a approves, r rejects and t tweaks in a review, and the next result comes by itself', async () => {
  const { page, visit } = tab;
  const id = await seriesInReview(site, 3);
  const tasks = async (): Promise<string[]> =>
    (await site.client.get(id)).tasks!.map(({ state, run }) => `${state} ${run}`);
  /** A decision is possible once the picture can be seen. */
  const shows = async (name: string): Promise<void> => {
    await page.getByRole('heading', { name }).first().waitFor();
    await page.locator('button:enabled', { hasText: 'Approve' }).waitFor();
  };
  await visit(`/review?job=${id}`);
  await shows('spring-1');
  await page.keyboard.press('a');
  await expect.poll(tasks).toContain('succeeded 1');
  await shows('summer-2');
  await page.keyboard.press('t');
  await page.keyboard.type('More shade');
  await page.keyboard.press('Control+Enter');
  await expect.poll(tasks).toContain('needs_review 2');
  await shows('autumn-3');
  await page.keyboard.press('r');
  await expect.poll(async () => (await tasks()).some((one) => one.startsWith('failed'))).toBe(true);
  expect(await hasFocus(page, 'dialog')).toBe(false);
});
