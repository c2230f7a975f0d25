// The list of jobs: it is live and moves nothing under the user, filters by its address, and acts on several jobs at once.

import type { Browser, Locator, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anImage } from '../../support/installation.ts';
import { until } from '../../support/until.ts';
import { openConsole, phoneWidth, startBrowser } from './browser.ts';
import { axeViolations, sidewaysScroll } from './checks.ts';
import { isLive, rowOf, showsState } from './live.ts';
import { Site } from '../../support/site/site.ts';

let site: Site;
let browser: Browser;

beforeAll(async () => {
  const keys = [{ key: 'AIza-one', requestsPerMinute: 60_000 }];
  const pools = ['default', 'idle'].map((name) => ({ name, keys }));
  const tokens = { admin: ['admin'], reader: ['jobs:read'] } as const;
  // Jobs of the pool idle stay queued.
  [site, browser] = await Promise.all([Site.start({ pools, tokens, unserved: ['idle'] }), startBrowser()]);
  site.standin.behave({ kind: 'image', bytes: 'small' });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

const open = (token = 'admin', width = 1_280) =>
  openConsole(browser, site.url, { token: site.tokens[token]!, width, expects: /status of 404/ });

/** Jobs that stay queued, the newest last. */
async function queued(run: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const request = anImage(`garden ${at} of ${run}`, { pool: 'idle', labels: { run } });
    ids.push((await site.client.submit(request)).id);
  }
  return ids;
}

/** The jobs of the rows in the page, from the top. */
const shownJobs = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`[...document.querySelectorAll('[data-job]')]
    .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map(({ dataset }) => dataset.job)`);

const check = (row: Locator): Locator => row.getByRole('checkbox');

/** What can be done with the selected jobs. */
const bar = (page: Page): Locator => page.getByRole('toolbar', { name: 'Selected jobs' });

/** Presses the button of the dialog that asks. */
async function confirm(page: Page, action: RegExp): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: action }).click();
  await dialog.waitFor({ state: 'detached' });
}

test('an installation without jobs says how to submit the first one, which appears by itself with its picture', async () => {
  await using tab = await open();
  const { page } = tab;
  await tab.visit('/');
  await page.getByRole('heading', { name: 'There are no jobs yet' }).waitFor();
  await page.getByText(/genwarden submit --prompt "a front yard with native plants" --watch/).waitFor();
  expect(await page.getByRole('main').getByRole('link', { name: 'Fill in a form instead' }).getAttribute('href')).toBe(
    '/new',
  );
  expect(await axeViolations(page)).toEqual([]);
  await isLive(page);
  const { id } = await site.client.submit(anImage('<b>the first</b> picture 🌻', { labels: { of: 'us' } }));
  await showsState(page, id, 'succeeded');
  const row = rowOf(page, id);
  await row.getByText('<b>the first</b> picture 🌻').waitFor();
  await row.getByText('of=us').waitFor();
  await row.getByRole('img', { name: /^Picture 1 of/ }).waitFor();
  await page.waitForFunction(
    `[...document.querySelectorAll('.jobs-row img')].some(({ naturalWidth }) => naturalWidth > 0)`,
  );
  // The figures come with the next reading.
  await page.getByRole('link', { name: /Success rate\s*100 %/ }).waitFor();
  expect(await tab.complaints()).toEqual([]);
});

test('new jobs stay above while the pointer is in the list; a row that no longer matches fades in its place', async () => {
  const first = await queued('above', 3);
  await using tab = await open();
  const { page } = tab;
  await tab.visit('/?state=open&label=run=above');
  await rowOf(page, first[0]!).waitFor();
  await isLive(page);
  await page.getByText(/Pool idle has no workers, and \d+ tasks wait/).waitFor();
  await rowOf(page, first[1]!).hover();
  const second = await queued('above', 2);
  await page.getByRole('button', { name: '2 new' }).waitFor();
  expect(await shownJobs(page)).toEqual(first.toReversed());
  await site.client.cancel(first[1]!);
  await showsState(page, first[1]!, 'cancelled');
  expect(await shownJobs(page)).toEqual(first.toReversed());
  await expect.poll(() => rowOf(page, first[1]!).getAttribute('class')).toContain('faded');
  await page.getByRole('button', { name: '2 new' }).click();
  await rowOf(page, second[1]!).waitFor();
  expect(await shownJobs(page)).toEqual([...second.toReversed(), first[2]!, first[0]!]);
  // Without the pointer in the list, they come in at once.
  await page.mouse.move(5, 5);
  const [last] = await queued('above', 1);
  await rowOf(page, last!).waitFor();
  expect((await shownJobs(page))[0]).toBe(last);
  expect(await tab.complaints()).toEqual([]);
});

test('several jobs are cancelled, and deleted, after a question that names what is lost', async () => {
  const jobs = await queued('several', 4);
  await using tab = await open();
  const { page } = tab;
  await tab.visit('/?label=run=several');
  const rows = jobs.toReversed().map((job) => rowOf(page, job));
  await check(rows[0]!).click();
  await check(rows[2]!).click({ modifiers: ['Shift'] });
  await page.getByText('3 jobs selected').waitFor();
  await bar(page).getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('3 open tasks of 3 jobs will be cancelled.').waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await confirm(page, /^Cancel 3 jobs$/);
  await page.getByText('Cancelled 3 jobs.').waitFor();
  for (const job of jobs.slice(1)) await showsState(page, job, 'cancelled');
  expect((await site.client.get(jobs[0]!)).state).toBe('queued');

  await page.getByRole('checkbox', { name: 'Select all rows' }).click();
  // The open one does not permit it.
  await bar(page).getByRole('button', { name: 'Delete 3' }).click();
  // Meanwhile another client deletes one of them: that is a failure of one, not of all.
  await site.client.delete(jobs[1]!);
  await confirm(page, /^Delete 3 jobs$/);
  await page.getByText(/Deleted 2 of 3 jobs\. 1 failed: JobNotFound \(1\)/).waitFor();
  await until(async () => (await site.client.listPage({ labels: { run: 'several' } })).items.length === 1, {
    what: 'the deletion of the jobs',
  });
  expect(await tab.complaints()).toEqual([]);
});

test('all that failed is retried from the filter', async () => {
  site.standin.behave({ kind: 'refuse-output' });
  const labels = { run: 'failing' };
  const ids = (await Promise.all([1, 2].map((at) => site.client.submit(anImage(`poster ${at}`, { labels }))))).map(
    ({ id }) => id,
  );
  await Promise.all(ids.map((id) => site.client.wait(id)));
  await using tab = await open();
  const { page } = tab;
  await tab.visit('/?label=run=failing');
  await page.getByRole('button', { name: 'failed', exact: true }).click();
  await page.waitForURL('**/?label=run%3Dfailing&state=failed');
  site.standin.behave({ kind: 'image', bytes: 'small' });
  await page.getByRole('button', { name: 'Retry all that failed' }).click();
  await confirm(page, /^Retry failed 2 jobs$/);
  await page.getByText('Retried 2 jobs.').waitFor();
  for (const id of ids) await showsState(page, id, 'succeeded');
  expect(await tab.complaints()).toEqual([]);
});

test('filters are in the address, and each can be removed; a whole ID leads to the job', async () => {
  const [id] = await queued('filters', 1);
  await using tab = await open();
  const { page } = tab;
  await tab.visit('/?pool=idle&kind=image&label=run=filters&search=garden');
  await rowOf(page, id!).waitFor();
  await page.getByRole('button', { name: 'Remove kind image' }).click();
  await page.getByRole('button', { name: 'Remove search garden' }).click();
  await page.waitForURL('**/?pool=idle&label=run%3Dfilters');
  await page.getByRole('button', { name: 'succeeded', exact: true }).click();
  await page.getByText('No job matches the filter.').waitFor();
  await page.getByRole('main').getByRole('button', { name: 'Clear filters' }).first().click();
  await page.waitForURL((url) => url.search === '');
  const search = page.getByRole('searchbox');
  await search.fill('00000000000000000000000000');
  await search.press('Enter');
  await page.waitForURL('**/?search=00000000000000000000000000');
  await page.getByText('No job matches the filter.').waitFor();
  // The answer to an earlier search does not replace what is typed after it.
  let held: Route | undefined;
  await page.route('**/jobs/11111111111111111111111111*', (route) => {
    held = route;
  });
  await search.fill('11111111111111111111111111');
  await search.press('Enter');
  await until(() => held !== undefined, { what: 'the question for the job' });
  await search.fill(id!);
  await Promise.all([page.waitForResponse(/1{26}/), held!.continue()]);
  await search.press('Enter');
  await page.waitForURL(`**/jobs/${id}`);
  // The answers of 404 to the IDs that no job has.
  expect(await tab.complaints()).toEqual([]);
});

test('of many jobs only the rows in sight are in the page; the keyboard and the scroll bar reach the last one', async () => {
  const run = 'many';
  const ids: string[] = [];
  await Promise.all(Array.from({ length: 6 }, async () => ids.push(...(await queued(run, 60)))));
  await using tab = await open();
  const { page } = tab;
  await tab.visit(`/?label=run=${run}`);
  await page.locator('[data-job]').first().waitFor();
  expect((await shownJobs(page)).length).toBeLessThan(60);
  const table = page.getByRole('table', { name: 'Jobs' });
  const listed: string[] = [];
  for await (const { id } of site.client.list({ labels: { run } })) listed.push(id);
  // Each page of rows that arrives puts the end of the list farther away.
  await until(
    async () => {
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      return rowOf(page, listed.at(-1)!).isVisible();
    },
    { what: 'the last row', timeoutMs: 60_000 },
  );
  expect(await table.getAttribute('aria-rowcount')).toBe('361');
  expect((await shownJobs(page)).length).toBeLessThan(60);
  await page.keyboard.press('j');
  const focused = (): Promise<string> => page.evaluate('document.activeElement.closest("tr")?.dataset.job ?? ""');
  await expect.poll(async () => listed.indexOf(await focused())).toBeGreaterThan(300);
  const at = listed.indexOf(await focused());
  await page.keyboard.press('k');
  await expect.poll(focused).toBe(listed[at - 1]);
  // The focus stays where it is while its row is out of sight, and the next key comes back to it.
  await page.evaluate('scrollTo(0, 0)');
  await rowOf(page, listed[0]!).waitFor();
  expect(await focused()).toBe(listed[at - 1]);
  await page.keyboard.press('j');
  await expect.poll(focused).toBe(listed[at]);
  await expect.poll(() => page.evaluate('scrollY')).toBeGreaterThan(5_000);
  expect(await tab.complaints()).toEqual([]);
});

test('on a phone, jobs are cards', async () => {
  const [id] = await queued('phone', 1);
  await using tab = await open('admin', phoneWidth);
  const { page } = tab;
  await tab.visit('/?label=run=phone');
  await rowOf(page, id!).getByText('no workers').waitFor();
  expect(await sidewaysScroll(page)).toEqual([]);
  await check(rowOf(page, id!)).click();
  await bar(page).getByRole('button', { name: 'Cancel' }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  expect(await tab.complaints()).toEqual([]);
});

test('without the right there are no actions, also not by key', async () => {
  const [id] = await queued('rights', 1);
  await using tab = await open('reader');
  const { page } = tab;
  await tab.visit('/?label=run=rights&state=failed&state=queued');
  await check(rowOf(page, id!)).click();
  await page.getByText('1 job selected').waitFor();
  await page.keyboard.press('c');
  const buttons = page.getByRole('main').getByRole('button', { name: /^(?:Cancel|Retry|Delete)/ });
  expect(await buttons.count()).toBe(0);
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await tab.complaints()).toEqual([]);
});
