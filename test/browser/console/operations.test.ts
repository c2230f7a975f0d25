// The pages for the engineer on call, with real processes in trouble: pools, workers, stuck tasks and the installation. Rights decide
// what can be done there.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pool, SubmitRequest } from '../../../src/client/index.ts';
import { newSecret } from '../../../src/webhooks/index.ts';
import { anImage } from '../../support/installation.ts';
import { tempFolder, type TempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';
import { startReceiver, writeSecrets } from '../../support/webhookReceiver.ts';
import { addBrowserRow } from '../rows.ts';
import { openConsole, startBrowser, type ConsolePage } from './browser.ts';
import { axeViolations } from './checks.ts';
import { Site } from '../../support/site/site.ts';

const outModel = 'gemini-3-pro-image';
const quickModel = 'gemini-3.1-flash-image';
const masked = 'a-secret-that-no-page-shows';
const webhookSecret = newSecret(randomBytes(32));

let folder: TempFolder;
let site: Site;
let browser: Browser;

beforeAll(async () => {
  folder = await tempFolder('operations');
  const secrets = join(folder.path, 'webhook-secrets.json');
  await writeSecrets(secrets, ['default'], [webhookSecret]);
  const pool = (name: string, image: string) => ({
    name,
    models: { image: [image], text: [] },
    keys: [{ key: `AIza-${name}`, requestsPerMinute: 60_000 }],
  });
  [site, browser] = await Promise.all([
    Site.start({
      pools: [pool('default', quickModel), pool('photos', outModel), pool('partner', quickModel)],
      unserved: ['partner'],
      tokens: { admin: ['admin'], reader: ['jobs:read'] },
      env: {
        GENWARDEN_WEBHOOK_SECRETS_FILE: secrets,
        GENWARDEN_WEBHOOK_ALLOW: '127.0.0.0/8',
        GENWARDEN_S3_ACCESS_KEY_ID: 'an-id',
        GENWARDEN_S3_SECRET_ACCESS_KEY: masked,
      },
    }),
    startBrowser(),
  ]);
  site.standin.behave({ kind: 'image', bytes: 'small' });
  site.standin.behaveForModel(outModel, { kind: 'status', status: 503 });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
  await folder.remove();
});

const signedIn = (name: 'admin' | 'reader'): Promise<ConsolePage> =>
  openConsole(browser, site.url, { token: site.tokens[name]! });

const row = (request: string, seen: string, answer: string): void =>
  addBrowserRow({ page: 'the console', request, seen, answer, changed: 'yes' });

const patience = { timeoutMs: 60_000, intervalMs: 200 };

async function poolWith(name: string, what: string, fits: (pool: Pool) => boolean): Promise<void> {
  const isThere = async (): Promise<boolean> =>
    (await site.client.pools()).some((pool) => pool.name === name && fits(pool));
  await until(isThere, { what, ...patience });
}

async function submit(over: Partial<SubmitRequest>): Promise<string> {
  return (await site.client.submit(anImage('a yard', over))).id;
}

const twoTasks = [{ name: 'front' }, { name: 'back' }];
const dialogOf = (page: Page): Locator => page.getByRole('dialog');

test('pools in trouble come first; a pause says what it does, and the keyboard ends it', async () => {
  await submit({ pool: 'photos' });
  await poolWith('photos', 'the outage', ({ outages }) => outages.length > 0);
  await submit({ pool: 'partner', tasks: twoTasks, policy: { queueTimeout: '2h' } });
  await using tab = await signedIn('admin');
  const { page } = tab;
  await tab.visit('/pools');
  const names = page.getByRole('main').getByRole('heading', { level: 2 });
  await expect.poll(() => names.allTextContents()).toEqual(['partner', 'photos', 'default']);
  await page.getByText(/The provider answers 503 for gemini-3-pro-image/).waitFor();
  await page.getByText('No worker serves this pool').waitFor();
  await page
    .getByRole('meter', { name: /^Calls of key/ })
    .first()
    .waitFor();

  await page.getByRole('button', { name: 'Pause pool partner' }).press('Enter');
  await dialogOf(page)
    .getByText(/Of 2 queued tasks, the first would fail with QueueTimeout in 1 h 5\d min/)
    .waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await dialogOf(page).getByLabel('10 minutes').press('ArrowUp');
  await dialogOf(page).getByRole('button', { name: 'Pause' }).press('Enter');
  await page.getByText('its workers start no more tasks until it is resumed').waitFor();
  await page.getByText(/Queue timeouts keep running: the first queued task fails/).waitFor();
  await poolWith('partner', 'the pause', ({ paused, pausedUntil }) => paused && pausedUntil === null);

  await page.getByRole('button', { name: 'Resume pool partner' }).press('Enter');
  await dialogOf(page).getByRole('button', { name: 'Resume' }).press('Enter');
  await page.getByRole('button', { name: 'Pause pool partner' }).waitFor();
  await poolWith('partner', 'the end of the pause', ({ paused }) => !paused);
  expect(await tab.complaints()).toEqual([]);
  row('an administrator pauses a pool and resumes it', 'what it does, and the first queue timeout', '200');
});

test('workers show what they run, are sorted and filtered in the address, and a lost one stays for a while', async () => {
  site.standin.behaveForModel(quickModel, { kind: 'hang' });
  const job = await submit({});
  await using tab = await signedIn('admin');
  const { page } = tab;
  await tab.visit('/workers');
  await page
    .getByRole('list', { name: /^Tasks of/ })
    .locator(`a[href$="/jobs/${job}"]`)
    .waitFor();
  await page.getByRole('button', { name: 'Lag' }).click();
  await expect.poll(() => new URL(page.url()).search).toBe('?sort=-lag');
  await expect.poll(() => page.getByRole('columnheader', { name: 'Lag' }).getAttribute('aria-sort')).toBe('descending');
  await page.getByRole('main').getByLabel('Pool').selectOption('photos');
  await expect.poll(() => new URL(page.url()).searchParams.get('pool')).toBe('photos');
  await expect.poll(() => page.getByRole('rowheader').count()).toBe(1);

  const worker = site.workers.get('photos')!;
  worker.kill('SIGKILL');
  await worker.exited;
  await page.getByRole('cell', { name: 'lost', exact: true }).waitFor();
  await site.client.cancel(job);
  site.standin.behaveForModel(quickModel, undefined);
  expect(await tab.complaints()).toEqual([]);
  row('SIGKILL of a worker', 'lost', '200');
});

test('of the stuck tasks exactly the selected one fails', async () => {
  const job = await submit({ pool: 'partner', tasks: twoTasks, policy: { queueTimeout: '2h' } });
  await using tab = await signedIn('admin');
  const { page } = tab;
  await tab.visit('/stuck?olderThan=1s');
  await page.getByLabel(`Select task 0 of job ${job}`).check();
  await page.getByRole('button', { name: 'Fix 1 task' }).click();
  const listed = dialogOf(page).getByRole('list', { name: 'Tasks that will fail' }).getByRole('listitem');
  await expect.poll(() => listed.allTextContents()).toEqual([expect.stringContaining(`${job}/0`)]);
  expect(await axeViolations(page)).toEqual([]);
  await dialogOf(page).getByRole('button', { name: 'Fail 1 task' }).click();
  await page.getByRole('heading', { name: '1 task failed with FailedByOperator' }).waitFor();
  const { tasks = [] } = await site.client.get(job);
  expect(tasks.map(({ state, error }) => [state, error?.code])).toEqual([
    ['failed', 'FailedByOperator'],
    ['queued', undefined],
  ]);
  await page.getByLabel('Without progress for').selectOption('1h');
  await page.getByRole('heading', { name: 'Nothing is stuck' }).waitFor();
  await page.waitForURL(({ search }) => search === '?olderThan=1h');
  expect(await tab.complaints()).toEqual([]);
  row('an operator fails one of two stuck tasks', '1 task failed with FailedByOperator', '200');
});

test('the checks can be repeated, settings show no secret, and a given-up webhook is sent again', async () => {
  const receiver = await startReceiver(webhookSecret, (_, before) => (before === 0 ? 410 : 204));
  await site.client.wait(await submit({ webhook: { url: `${receiver.url}/hook` } }));
  const dead = async (): Promise<number> => (await Array.fromAsync(site.client.deadWebhooks())).length;
  await until(async () => (await dead()) === 1, { what: 'a delivery that is given up', ...patience });
  await using tab = await signedIn('admin');
  const { page } = tab;
  await tab.visit('/installation');
  const failing = page.getByRole('listitem').filter({ hasText: 'failed: ' });
  await failing.filter({ hasText: 'no worker serves it' }).first().waitFor();
  const marks = await page
    .getByRole('listitem')
    .filter({ hasText: /(?:failed|passed): / })
    .allTextContents();
  const failed = marks.map((text) => text.includes('failed: '));
  expect(failed).toEqual(failed.toSorted((a, b) => Number(b) - Number(a)));

  await page.getByLabel('Search settings').fill('s3_secret');
  await page
    .getByRole('row')
    .filter({ hasText: `(set, ${masked.length} characters)` })
    .waitFor();
  expect(await page.content()).not.toContain(masked);

  await page.getByRole('cell', { name: /Gone/ }).waitFor();
  await page.getByRole('button', { name: /^Send again/ }).click();
  await page.getByText('No delivery was given up.').waitFor();
  await until(() => receiver.received.length === 2, { what: 'the delivery that is sent again', ...patience });

  await site.startWorker('partner');
  await poolWith('partner', 'its worker', ({ workers }) => workers > 0);
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByRole('listitem').filter({ hasText: 'passed: pool partner' }).waitFor();
  expect(await tab.complaints()).toEqual([]);
  row('an operator sends a given-up webhook again', 'No delivery was given up.', '202');
});

test('a reader sees everything but the settings, and can change nothing', async () => {
  site.standin.behaveForModel(quickModel, { kind: 'hang' });
  const job = await submit({});
  await until(async () => (await site.client.get(job)).state === 'running', { what: 'a task that hangs', ...patience });
  await using tab = await signedIn('reader');
  const { page } = tab;
  const buttons = (): Promise<string[]> => page.getByRole('main').getByRole('button').allTextContents();
  await tab.visit('/pools');
  await page.getByRole('heading', { name: 'photos' }).waitFor();
  expect(await buttons()).toEqual([]);
  await tab.visit('/stuck?olderThan=0s');
  await page.getByText(/^\d+ stuck tasks?/).waitFor();
  expect(await buttons()).toEqual([]);
  expect(await page.getByRole('checkbox').count()).toBe(0);
  await tab.visit('/installation');
  await page.getByRole('heading', { name: 'Versions' }).waitFor();
  expect(await buttons()).toEqual(['Check again']);
  expect(await page.getByRole('heading', { name: /^Settings/ }).count()).toBe(0);
  expect(await tab.complaints()).toEqual([]);
  addBrowserRow({
    page: 'the console',
    request: 'a token with jobs:read opens pools, stuck and installation',
    seen: 'no buttons that change something, no settings',
    answer: '200',
    changed: 'no',
  });
});
