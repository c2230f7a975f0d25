// A session from its sign-in to its end: back to the page that was asked for, an expiry that keeps the page, the sign-out, and the choice
// of an administrator between tenants.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { anImage } from '../../support/installation.ts';
import { openConsole, startBrowser } from './browser.ts';
import { axeViolations, sidewaysScroll } from './checks.ts';
import { isLive, rowOf } from './live.ts';
import { Site } from '../../support/site/site.ts';

let site: Site;
let browser: Browser;

beforeAll(async () => {
  const tokens = { admin: ['admin'], writer: ['jobs:read', 'jobs:write'], brief: ['jobs:read', 'jobs:write'] } as const;
  [site, browser] = await Promise.all([Site.start({ tokens }), startBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

const expects = /Failed to load resource: the server responded with a status of 40[13]/;

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

test('the sign-in leads to the page that its address names, never to another site', async () => {
  await using tab = await openConsole(browser, site.url, { expects });
  const { page } = tab;
  await tab.visit(`/sign-in?returnTo=${encodeURIComponent('/pools')}`);
  await page.getByText('Where to get a token').click();
  await page.getByLabel('Example command').getByText('genwarden token create').waitFor();
  await signIn(page, site.tokens['writer']!);
  await page.getByRole('heading', { level: 1, name: 'Pools' }).waitFor();
  await page.waitForURL(`${site.url}/pools`);
  await tab.visit('/sign-in?returnTo=//evil.example/');
  await page.waitForURL(`${site.url}/`);
  expect(await tab.complaints()).toEqual([]);
});

test('a sign-in that has expired asks for a new one over the page, which keeps what was typed', async () => {
  await using tab = await openConsole(browser, site.url, { token: site.tokens['brief']!, expects });
  const { page } = tab;
  await tab.visit('/new');
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.fill('a yard that I have typed');
  await site.revoke('brief');
  const dialog = page.getByRole('dialog', { name: 'Your sign-in has expired' });
  await dialog.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  // The page of another user is read anew.
  await signIn(page, site.tokens['writer']!);
  await dialog.waitFor({ state: 'detached' });
  await isLive(page);
  expect(await page.content()).not.toContain(site.tokens['writer']!);
  expect(await tab.complaints()).toEqual([]);
});

test('the session menu tells the rights, and signs out', async () => {
  await using tab = await openConsole(browser, site.url, { token: site.tokens['writer']!, width: 360, expects });
  const { page } = tab;
  await tab.visit('/');
  expect(await sidewaysScroll(page)).toEqual([]);
  await page.getByRole('button', { name: /^Session/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Session' });
  await dialog.getByText('submit and change jobs').waitFor();
  expect(await dialog.getByLabel('Tenant').count()).toBe(0);
  expect(await axeViolations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token').waitFor();
  await page.goto(`${site.url}/pools`);
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  expect(await tab.complaints()).toEqual([]);
});

test('an administrator chooses a tenant or all of them; links and new tabs keep the choice', async () => {
  const token = site.tokens['admin']!;
  const inTeam = new GenwardenClient({
    url: site.url,
    token,
    fetch: (input, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set('genwarden-namespace', 'team-a');
      return fetch(input, { ...init, headers });
    },
  });
  const { id } = await inTeam.submit(anImage('a yard of team a'));
  await inTeam.wait(id);
  await using tab = await openConsole(browser, site.url, { token, expects });
  const { page } = tab;
  await tab.visit('/');
  await isLive(page);
  expect(await rowOf(page, id).count()).toBe(0);
  await page.getByRole('button', { name: /^Session/ }).click();
  await page.getByLabel('Tenant').fill('team-a');
  await page.getByRole('button', { name: 'Show' }).click();
  await rowOf(page, id).first().waitFor();
  await page.getByRole('link', { name: 'Workers' }).click();
  await page.getByRole('heading', { level: 1, name: 'Workers' }).waitFor();
  await page.waitForURL(({ searchParams }) => searchParams.get('tenant') === 'team-a');
  const [opened] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('link', { name: 'Jobs', exact: true }).click({ modifiers: ['ControlOrMeta'] }),
  ]);
  await rowOf(opened, id).first().waitFor();
  await page.goto(`${site.url}/?tenant=*`);
  await rowOf(page, id).first().waitFor();
  expect(await page.getByRole('link', { name: 'New job' }).count()).toBe(0);
  expect(await tab.complaints()).toEqual([]);
});
