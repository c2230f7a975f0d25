// Authentication in the console: a person signs in with a token and returns to the page, rights decide which buttons exist, and a token
// that is revoked ends the page's view. Nothing but a cookie that scripts cannot read keeps the token.

import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anImage } from '../../support/installation.ts';
import { addBrowserRow } from '../rows.ts';
import { openConsole, startBrowser } from './browser.ts';
import { axeViolations, sidewaysScroll } from './checks.ts';
import { isLive } from './live.ts';
import { Site } from '../../support/site/site.ts';

let site: Site;
let browser: Browser;
let job: string;

beforeAll(async () => {
  const tokens = {
    admin: ['admin'],
    reader: ['jobs:read'],
    writer: ['jobs:read', 'jobs:write'],
    submitter: ['jobs:write'],
    revoked: ['jobs:read'],
  } as const;
  [site, browser] = await Promise.all([Site.start({ tokens }), startBrowser()]);
  site.standin.behave({ kind: 'hang' });
  job = (await site.client.submit(anImage('a yard behind a fence'))).id;
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

const row = (request: string, seen: string, answer: string): void =>
  addBrowserRow({ page: 'the console', request, seen, answer, changed: 'no' });

/** What Chromium writes about answers of 401 and 403. */
const refusals = /Failed to load resource: the server responded with a status of 40[13]/;

const tokenField = (place: Page | Locator): Locator => place.getByPlaceholder('gw_');

test.each([
  { name: 'light', options: { theme: 'light' } },
  { name: 'dark', options: { theme: 'dark' } },
  { name: '360 px wide', options: { width: 360 } },
] as const)('the sign-in page, $name', async ({ options }) => {
  await using tab = await openConsole(browser, site.url, { ...options, expects: refusals });
  await tab.visit('/');
  await tokenField(tab.page).waitFor();
  expect(await sidewaysScroll(tab.page)).toEqual([]);
  expect(await axeViolations(tab.page)).toEqual([]);
  expect(await tab.complaints()).toEqual([]);
});

test('a wrong token is refused with a reason; the right one leads back to the page', async () => {
  await using tab = await openConsole(browser, site.url, { expects: refusals });
  const { page } = tab;
  await tab.visit(`/jobs/${job}?tab=history`);
  const signIn = async (token: string): Promise<void> => {
    await tokenField(page).fill(token);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  await signIn('gw_not-a-token');
  await page.getByRole('alert').first().waitFor();
  await signIn(site.tokens['writer']!);
  await isLive(page);
  await page.waitForURL(`**/jobs/${job}?tab=history`);
  await page
    .getByRole('button', { name: /^Cancel/ })
    .first()
    .waitFor();
  expect(await tab.complaints()).toEqual([]);
  expect(await page.content()).not.toContain(site.tokens['writer']);
  await page.getByRole('button', { name: /^Session/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await tokenField(page).waitFor();
  expect((await page.context().cookies()).filter(({ value }) => value.includes(site.tokens['writer']!))).toEqual([]);
  row('sign in with a token, and out', 'back on the page that was asked for', '200');
});

const changing = /^(?:New job|Cancel|Retry|Delete|Approve|Reject|Tweak|Pause|Resume|Fix|Submit)\b/;

test.each([
  { token: 'reader', paths: ['/', '/jobs', '/review', '/pools', '/workers', '/stuck?olderThan=1s', '/installation'] },
  { token: 'writer', paths: ['/pools'] },
])('$token: no button that the API would refuse', async ({ token, paths }) => {
  await using tab = await openConsole(browser, site.url, { token: site.tokens[token]!, expects: refusals });
  const { page } = tab;
  for (const path of [...paths, ...(token === 'reader' ? [`/jobs/${job}`] : [])]) {
    await tab.visit(path);
    await isLive(page);
    const names = [...(await page.getByRole('button').all()), ...(await page.getByRole('link').all())];
    const texts = await Promise.all(names.map((one) => one.innerText()));
    const found = texts.filter(
      (text) => changing.test(text.trim()) && !(token === 'writer' && text.includes('New job')),
    );
    expect([path, found]).toEqual([path, []]);
  }
  expect(await tab.complaints()).toEqual([]);
  row(
    `a token with ${token === 'reader' ? 'jobs:read' : 'jobs:read, jobs:write'}`,
    'no button beyond its scopes',
    '200',
  );
});

test('a token that may not read jobs: the page says which right is missing', async () => {
  await using tab = await openConsole(browser, site.url, { token: site.tokens['submitter']!, expects: refusals });
  await tab.visit('/');
  await tab.page
    .getByRole('main')
    .getByText(/jobs:read/)
    .first()
    .waitFor();
  expect(await tab.complaints()).toEqual([]);
  row('a token without jobs:read', 'the problem, with the scope that is missing', '403 Forbidden');
});

test('a token that is revoked while the page is open', async () => {
  await using tab = await openConsole(browser, site.url, { token: site.tokens['revoked']!, expects: refusals });
  const { page } = tab;
  await tab.visit(`/jobs/${job}`);
  await isLive(page);
  await site.revoke('revoked');
  // Over the page, so that a form keeps what was typed.
  const dialog = page.getByRole('dialog');
  await tokenField(dialog).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await tokenField(dialog).fill(site.tokens['reader']!);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await isLive(page);
  expect(await tab.complaints()).toEqual([]);
  row('a token that is revoked while the page is open', 'the sign-in, over the page', '401 Unauthorized');
});
