// The form for a new job: it submits what was typed once, keeps it when something fails, and its lines for a shell submit the same job.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ListedJob } from '../../../src/client/index.ts';
import { photo } from '../../support/pictures.ts';
import { openConsole, startBrowser, type ConsolePage } from './browser.ts';
import { axeViolations, sidewaysScroll } from './checks.ts';
import { Site } from '../../support/site/site.ts';

let site: Site;
let browser: Browser;
let tab: ConsolePage;

beforeAll(async () => {
  [site, browser] = await Promise.all([Site.start(), startBrowser()]);
  site.standin.behave({ kind: 'image', bytes: 'small' });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

beforeEach(async () => {
  // The tests refuse answers, and break connections.
  tab = await openConsole(browser, site.url, { expects: /Failed to load resource/ });
  return async () => {
    const complaints = await tab.complaints();
    await tab[Symbol.asyncDispose]();
    expect(complaints).toEqual([]);
  };
});

const submit = (page: Page): Promise<void> => page.getByRole('button', { name: 'Submit' }).click();
const jobs = (): Promise<ListedJob[]> => Array.fromAsync(site.client.list());
const prompt = (page: Page) => page.getByLabel('Prompt', { exact: true });

async function submittedJob(page: Page): Promise<string> {
  await page.waitForURL(/\/jobs\/\w+$/);
  return page.url().split('/').at(-1)!;
}

test('an installation without jobs has an example, which can be submitted as it is', async () => {
  const { page } = tab;
  await tab.visit('/new');
  await page.waitForFunction(`document.querySelector('.create-form textarea').value.length > 20`);
  await submit(page);
  const job = await site.client.get(await submittedJob(page));
  expect(job.tasks?.map(({ name }) => name)).toEqual(['front-yard', 'walkway', 'night']);
});

test('what was typed and dropped becomes the job, and survives a visit to another page', async () => {
  const { page } = tab;
  await tab.visit('/new');
  await prompt(page).fill('the yard in <b>spring</b> 🏡');
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'yard.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(photo) });
  await page.getByLabel('Caption of yard.jpg').fill('the yard today');
  await page.getByLabel('Ratio').selectOption('16:9');
  await page.getByLabel('Variations').fill('2');
  await page.getByLabel('Names of the tasks').fill('day\nnight = the yard at night');
  await page.getByText(/^Advanced/).click();
  await page.getByLabel('Labels').fill('project=garden');
  await page.getByLabel('A person reviews each result').check();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole('link', { name: 'Pools' }).click();
  await page.getByRole('heading', { level: 1, name: 'Pools' }).waitFor();
  await page.getByRole('link', { name: 'New job' }).click();
  expect(await prompt(page).inputValue()).toBe('the yard in <b>spring</b> 🏡');
  await submit(page);
  const id = await submittedJob(page);
  const { labels, tasks } = await site.client.wait(id);
  expect([labels, tasks?.map(({ name, state }) => [name, state])]).toEqual([
    { project: 'garden' },
    [
      ['day', 'needs_review'],
      ['night', 'needs_review'],
    ],
  ]);
  const sent = site.standin.requests.filter(({ references }) => references === 1);
  expect(sent.map(({ prompt: text }) => text).toSorted()).toEqual([
    expect.stringContaining('the yard at night'),
    expect.stringContaining('the yard in <b>spring</b> 🏡'),
  ]);
});

test('a mistake is shown beside its field, also the one that only the API finds, and nothing is lost', async () => {
  const { page } = tab;
  await tab.visit('/new');
  await page.getByLabel('Text', { exact: true }).check();
  await prompt(page).fill('list five plants');
  const schema = page.getByLabel('JSON Schema');
  await schema.fill('{');
  await submit(page);
  await page.getByText(/is not JSON/).waitFor();
  await schema.fill('{"type": "object", "properties": {"code": {"type": "string", "pattern": "(?=x)"}}}');
  await submit(page);
  await page
    .getByRole('listitem')
    .filter({ hasText: /^✕ properties\.code\.pattern: / })
    .waitFor();
  expect(await schema.getAttribute('aria-invalid')).toBe('true');
  expect(await prompt(page).inputValue()).toBe('list five plants');
  expect(await axeViolations(page)).toEqual([]);
});

test('a submit whose answer is lost, and that the user repeats, creates one job', async () => {
  const { page } = tab;
  const before = await jobs();
  await tab.visit('/new');
  await prompt(page).fill('a yard that is submitted twice');
  let lost = 0;
  await page.route('**/v1/jobs', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    if (lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.fulfill({
      status: 500,
      json: { status: 500, code: 'Internal', title: 'Lost', detail: 'The answer is lost', hint: '' },
    });
  });
  await submit(page);
  await page.getByText('The answer is lost').waitFor();
  await submit(page);
  const id = await submittedJob(page);
  const after = await jobs();
  expect(after.length - before.length).toBe(1);
  expect(after[0]?.id).toBe(id);
});

const nasty = `it's "quoted" $HOME \`id\` !! \\ \n--flag 🏡 חצר <b> %`;

test('the lines for a shell submit the same job', async () => {
  const { page } = tab;
  await tab.visit('/new');
  await prompt(page).fill(nasty);
  const lines: string[] = [];
  for (const form of ['curl', 'CLI']) {
    await page.getByRole('button', { name: form, exact: true }).click();
    lines.push(await page.getByLabel(`The submit as ${form}`).innerText());
  }
  const bin = fileURLToPath(new URL('../../../bin', import.meta.url));
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, NO_COLOR: '1' };
  for (const line of lines) await promisify(execFile)('sh', ['-c', line], { env });
  const [first, second] = await jobs();
  for (const { id } of [first!, second!]) {
    expect((await site.client.input(id)).prompt).toBe(nasty);
  }
});

test('360 px wide, dark', async () => {
  await using phone = await openConsole(browser, site.url, {
    theme: 'dark',
    width: 360,
    expects: /Failed to load resource/,
  });
  await phone.visit('/new');
  await phone.page.getByText(/^Advanced/).click();
  expect(await sidewaysScroll(phone.page)).toEqual([]);
  expect(await axeViolations(phone.page)).toEqual([]);
});
