// The Job page in Chromium, with real processes: the timeline of a job that fails and is retried, its pictures, its zip, its text as it
// is written, and 500 tasks.

import { readFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SubmitRequest } from '../../../src/client/index.ts';
import { openConsole, startBrowser, type ConsolePage } from './browser.ts';
import { axeViolations, sidewaysScroll } from './checks.ts';
import { isLive } from './live.ts';
import { Site } from '../../support/site/site.ts';
import { largeJob } from './situations/many.ts';

let site: Site;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([Site.start(), startBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

const pictures = (...prompts: string[]): SubmitRequest => ({
  kind: 'image',
  tasks: prompts.map((prompt, index) => ({ name: `page-${index + 1}`, input: { prompt } })),
});

const spansOf = (page: Page, task: string): Locator =>
  page.getByRole('group', { name: 'Timeline' }).getByRole('button', { name: new RegExp(`, ${task}: `) });

const header = (page: Page): Locator => page.getByRole('region', { name: 'Facts about the job' });

async function withoutComplaints(tab: ConsolePage): Promise<void> {
  expect(await tab.complaints()).toEqual([]);
  await tab[Symbol.asyncDispose]();
}

test('a job that fails: the timeline tells why, and a retry shows as another run, live', async () => {
  const { id } = await site.client.submit(
    pictures('a yard [standin: image small]', 'a fence [standin: refuse-prompt SAFETY x1][standin: image small]'),
  );
  await site.client.wait(id);
  const tab = await openConsole(browser, site.url);
  const { page, visit } = tab;
  await visit(`/jobs/${id}`);
  await header(page).getByText('failed').first().waitFor();
  expect(await page.getByRole('tab', { name: 'Timeline' }).getAttribute('aria-selected')).toBe('true');

  const running = spansOf(page, 'page-2').filter({ hasText: '1 ·' });
  await running.focus();
  await page.keyboard.press('Enter');
  const details = page.getByRole('region', { name: /page-2: Running, attempt 1/ });
  await details.getByText('Then failed with PromptRefused.').waitFor();
  await details.getByText(/The provider answered with status 200 SAFETY/).waitFor();
  await page.waitForURL(({ searchParams }) => /^1-\d+$/.test(searchParams.get('span') ?? ''));
  // Axe takes what has scrolled below the header for too small.
  await page.evaluate('scrollTo(0, 0)');
  expect(await axeViolations(page)).toEqual([]);

  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'page-2: Queued' }).waitFor();

  await page.keyboard.press('R');
  await header(page).getByText('succeeded').first().waitFor();
  await spansOf(page, 'page-2').filter({ hasText: '1 ·' }).nth(1).waitFor();
  await page.getByRole('tab', { name: 'History' }).click();
  const history = await site.client.history(id);
  const rows = page.getByRole('table', { name: 'History of the job' }).getByRole('row');
  await expect.poll(() => rows.count()).toBe(history.length + 1);
  await withoutComplaints(tab);
});

test('c cancels an open job after a question; a job that is deleted while it is open tells it', async () => {
  const { id } = await site.client.submit(pictures('a yard [standin: image small]', 'a gate [standin: hang]'));
  const tab = await openConsole(browser, site.url, { expects: /404/ });
  const { page, visit } = tab;
  await visit(`/jobs/${id}?tab=pictures`);
  await page.getByRole('button', { name: 'Open the picture of page-1' }).waitFor();
  await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor();
  await page.keyboard.press('c');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
  await header(page).getByText('cancelled').first().waitFor();
  expect((await site.client.get(id)).tasks!.map(({ state }) => state)).toEqual(['succeeded', 'cancelled']);

  await site.client.delete(id);
  await page.getByText('The job was deleted or has expired while this page showed it.').waitFor();
  await page.getByRole('link', { name: 'To the jobs', exact: true }).waitFor();
  await withoutComplaints(tab);
});

test('pictures: the full one in a dialog, with those before and after it by the arrow keys', async () => {
  const { id } = await site.client.submit(
    pictures('a yard [standin: image small]', 'a fence [standin: image small]', 'a gate [standin: image small]'),
  );
  await site.client.wait(id);
  const tab = await openConsole(browser, site.url);
  const { page, visit } = tab;
  await visit(`/jobs/${id}`);
  await page.getByRole('button', { name: 'Open the picture of page-2' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('heading', { name: 'page-2' }).waitFor();
  await page.keyboard.press('ArrowRight');
  await dialog.getByRole('heading', { name: 'page-3' }).waitFor();
  expect(await dialog.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await dialog.getByRole('heading', { name: 'page-1' }).waitFor();
  expect(await dialog.getByRole('link', { name: 'Download' }).getAttribute('download')).toBe('page-1-image.png');
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.waitForURL(({ searchParams }) => !searchParams.has('picture'));
  await withoutComplaints(tab);
});

test('all results come as one zip, and what is missing is listed in it', async () => {
  const { id } = await site.client.submit(
    pictures('a yard [standin: image small]', 'a fence [standin: image small]', 'a gate [standin: image small]'),
  );
  await site.client.wait(id);
  const tab = await openConsole(browser, site.url, { expects: /404/ });
  const { page, visit } = tab;
  // As in Firefox and Safari: the zip is collected in memory.
  await page.addInitScript('delete window.showSaveFilePicker');
  await page.route('**/tasks/1/artifacts/image?*', (route) => route.fulfill({ status: 404, body: 'gone' }));
  await visit(`/jobs/${id}`);
  await page.getByRole('button', { name: 'Download all' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('dialog').getByRole('button', { name: 'Download' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`${id}.zip`);
  const zip = await readFile(await download.path());
  expect(namesIn(zip).toSorted()).toEqual([
    'missing.txt',
    'page-1-image.png',
    'page-1-metadata.json',
    'page-2-metadata.json',
    'page-3-image.png',
    'page-3-metadata.json',
  ]);
  expect(zip.includes('page-2-image.png: ')).toBe(true);
  await page.getByRole('dialog').getByText('6 of 6 files, 1 missing').waitFor();
  await withoutComplaints(tab);
});

/** Of the entries of the central directory, which each have a header of 46 bytes and the length of the name at 28. */
function namesIn(zip: Buffer): string[] {
  const names: string[] = [];
  for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 1)) {
    names.push(zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)));
  }
  return names;
}

test('a text appears as the model writes it, and then as the output', async () => {
  const prompt = 'a story [standin: write 4000 every 50ms]';
  // The page is there before the model begins to write.
  await site.client.pausePool('default');
  const { id } = await site.client.submit({ kind: 'text', input: { prompt } });
  const tab = await openConsole(browser, site.url);
  const { page, visit } = tab;
  await visit(`/jobs/${id}?tab=pictures`);
  await page.getByText('no output yet').waitFor();
  await isLive(page);
  await site.client.resumePool('default');
  await page.getByText(/Being written, not a result yet/).waitFor();
  await page.getByLabel('Output of task 0').waitFor();
  await expect.poll(() => page.getByLabel('Output of task 0').textContent()).toBe(await site.client.output(id));
  await withoutComplaints(tab);
});

test('500 tasks: only what is visible is rendered, also on a phone', async () => {
  const id = await largeJob(site);
  const tab = await openConsole(browser, site.url, { width: 360, theme: 'dark' });
  const { page, visit } = tab;
  await visit(`/jobs/${id}?tab=timeline`);
  const rows = page.getByRole('group', { name: 'Timeline' }).getByRole('listitem');
  await rows.first().waitFor();
  expect(await rows.count()).toBeLessThan(60);
  expect(await sidewaysScroll(page)).toEqual([]);
  await page.evaluate(`document.querySelector('.timeline-box').scrollTop = 1e6`);
  await expect.poll(() => rows.last().textContent()).toContain('499');
  expect(await rows.count()).toBeLessThan(60);
  await page.getByRole('tab', { name: 'Pictures' }).click();
  await page.getByText(/more tasks follow/).waitFor();
  expect(await page.locator('.task-card').count()).toBeLessThan(200);
  await withoutComplaints(tab);
});
