// The review of results by one key each: approve, reject, tweak; what others have decided meanwhile; new results that come in.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { openConsole, startBrowser, type ConsolePage } from './browser.ts';
import { axeViolations, sidewaysScroll } from './checks.ts';
import { seriesInReview } from './situations/reviews.ts';
import { Site } from '../../support/site/site.ts';

let site: Site;
let browser: Browser;
let tab: ConsolePage;

beforeAll(async () => {
  const tokens = { admin: ['admin'], reviewer: ['jobs:read', 'jobs:write'], reader: ['jobs:read'] } as const;
  [site, browser] = await Promise.all([Site.start({ tokens }), startBrowser()]);
  site.standin.behave({ kind: 'image', bytes: 'small' });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

beforeEach(async () => {
  // An answer of 409 is one of the situations.
  const expects = /Failed to load resource: the server responded with a status of 409/;
  for await (const { id } of site.client.list({ state: 'open' })) await site.client.cancel(id);
  tab = await openConsole(browser, site.url, { token: site.tokens['reviewer']!, expects });
  return async () => {
    const complaints = await tab.complaints();
    await tab[Symbol.asyncDispose]();
    expect(complaints).toEqual([]);
  };
});

const shows = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
/** The result can be judged: its picture has arrived. */
const canDecide = (page: Page): Promise<void> => page.locator('button:enabled', { hasText: 'Approve' }).waitFor();
/** Fails with what the page shows instead. */
async function says(page: Page, text: RegExp): Promise<void> {
  try {
    await page.getByRole('status').filter({ hasText: text }).first().waitFor();
  } catch (cause) {
    throw new Error(`The page does not say ${String(text)}: ${await page.locator('body').innerText()}`, { cause });
  }
}

async function statesOf(job: string): Promise<string[]> {
  const { tasks = [] } = await site.client.get(job);
  return tasks.map(({ state, run }) => `${state} ${run}`);
}

test('a approves, r rejects, t asks for another run; the next one comes by itself', async () => {
  const { page } = tab;
  const job = await seriesInReview(site, 3);
  await tab.visit(`/review?job=${job}`);
  await shows(page, 'spring-1');
  await canDecide(page);
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press('a');
  await says(page, /Approved spring-1/);
  await shows(page, 'summer-2');
  await canDecide(page);
  await page.keyboard.press('r');
  await says(page, /Rejected summer-2/);
  await shows(page, 'autumn-3');
  await canDecide(page);
  await page.keyboard.press('t');
  await page.keyboard.type('more leaves');
  await page.keyboard.press('Control+Enter');
  await says(page, /Tweak requested: autumn-3/);
  await until(async () => (await statesOf(job))[2] === 'needs_review 2', { what: 'the second run', timeoutMs: 60_000 });
  expect(await statesOf(job)).toEqual(['succeeded 1', 'failed 1', 'needs_review 2']);
  // It comes back into the line, beside the result before the tweak.
  await tab.visit(`/review?job=${job}`);
  await shows(page, 'autumn-3');
  await page.getByText('more leaves', { exact: true }).waitFor();
  const slider = page.getByRole('slider');
  await slider.focus();
  const before = await slider.inputValue();
  await page.keyboard.press('ArrowRight');
  expect(Number(await slider.inputValue())).toBeGreaterThan(Number(before));
  await canDecide(page);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('heading', { name: 'Nothing waits for a review' }).waitFor();
});

test('a result that someone else has decided: the page says it, and shows the next one', async () => {
  const { page } = tab;
  const job = await seriesInReview(site, 3);
  await tab.visit(`/review?job=${job}`);
  await shows(page, 'spring-1');
  await canDecide(page);
  const { promise: otherState, resolve } = Promise.withResolvers<string | undefined>();
  await page.route('**/review', async (route) => {
    // A slow disk may answer a write too late, and it is repeated only when it has not been applied.
    const reject = () => site.client.review(job, 0, { run: 1, decision: 'reject' }).catch(() => undefined);
    if (route.request().method() === 'POST')
      await until(async () => (await reject()) !== undefined || (await statesOf(job))[0] === 'failed 1', {
        what: 'the decision of someone else',
        timeoutMs: 30_000,
      });
    resolve((await statesOf(job))[0]);
    await route.continue();
  });
  await page.keyboard.press('a');
  expect(await otherState).toBe('failed 1');
  await says(page, /Too late: Task 0 is failed/);
  await shows(page, 'summer-2');
  await site.client.review(job, 1, { run: 1, decision: 'approve' });
  await says(page, /summer-2 was decided elsewhere/);
  await shows(page, 'autumn-3');
  await site.client.review(job, 2, { run: 1, decision: 'approve' });
  await page.getByText(/Nothing of this job waits/).waitFor();
});

test('a new result appears in the line by itself; a reader may look and not decide', async () => {
  await using reader = await openConsole(browser, site.url, { token: site.tokens['reader']!, width: 360 });
  const { page } = reader;
  await reader.visit('/review');
  await page.getByRole('heading', { name: 'Nothing waits for a review' }).waitFor();
  await seriesInReview(site, 1);
  await shows(page, 'spring-1');
  await page.getByText(/You may look, but not decide/).waitFor();
  expect(await page.getByRole('button', { name: /Approve|Reject|Tweak/ }).count()).toBe(0);
  expect(await sidewaysScroll(page)).toEqual([]);
  expect(await axeViolations(page)).toEqual([]);
  expect(await reader.complaints()).toEqual([]);
});
