// Signing in to the console at an OpenID Connect issuer of another site, in Chromium: back on the page that was asked for, with a session
// that only the console's own pages have, renewed, and ended.

import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { consoleClient, startOidcIssuer } from '../../support/oidcIssuer.ts';
import { startInstallation } from '../../support/installation.ts';
import { openChromium, servePages } from '../chromium.ts';
import { addBrowserRow } from '../rows.ts';

const audience = 'https://genwarden.example.com';
const page404 = 'Failed to load resource';

test('there, back, again, and out', async () => {
  const issuer = await startOidcIssuer(audience, []);
  const { url: api } = await startInstallation({
    processes: ['controller', 'api'],
    env: {
      GENWARDEN_OIDC_ISSUER: issuer.url,
      GENWARDEN_OIDC_AUDIENCE: audience,
      GENWARDEN_OIDC_CLIENT_ID: consoleClient,
      GENWARDEN_OIDC_CLIENT_SECRET: 'a secret of the console',
      GENWARDEN_OIDC_CLIENT_SCOPES: 'openid,jobs:read,jobs:write',
    },
  });
  // The issuer is at 127.0.0.1, so for the browser it is another site.
  const url = api.replace('127.0.0.1', 'localhost');
  issuer.admit({ callback: `${url}/console/session/callback`, secret: 'a secret of the console' });
  const others = await servePages();
  const context = await (await openChromium([])).newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => void complaints.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith(page404)) complaints.push(message.text());
  });

  await page.goto(`${url}/?state=failed`);
  await page.getByRole('link', { name: /identity provider/ }).click();
  await page.waitForURL(`${issuer.url}/interaction/**`);
  await page.locator('input').fill('ann');
  await page.getByRole('button').click();
  await page.waitForURL(`${url}/?state=failed`);
  await page.getByRole('button', { name: /^Session/ }).waitFor();

  const cookies = await context.cookies(url);
  expect(cookies.map(({ name, httpOnly, sameSite, path }) => [name, httpOnly, sameSite, path])).toEqual([
    ['genwarden_session', true, 'Strict', '/'],
  ]);
  expect(await page.evaluate('document.cookie')).toBe('');
  const status = (path: string, method = 'GET'): Promise<number> =>
    page.evaluate(async (asked) => (await fetch(asked.path, { method: asked.method })).status, { path, method });
  const names = ['the session', 'a list of jobs', 'a renewal', 'the same list'];
  const answers = [
    await status('/console/session'),
    await status('/v1/jobs'),
    await status('/console/session/refresh', 'POST'),
    await status('/v1/jobs'),
  ];
  expect(Object.fromEntries(names.map((name, at) => [name, answers[at]]))).toEqual({
    'the session': 200,
    'a list of jobs': 200,
    'a renewal': 200,
    'the same list': 200,
  });

  // A link on a page of another site brings no session with it; the same page of the console does, by its own requests.
  const fromElsewhere = async (address: string): Promise<Page> => {
    const other = await context.newPage();
    await other.goto(`http://127.0.0.1:${others}/`);
    await other.evaluate(`location.assign('${address}')`);
    await other.waitForURL(address);
    return other;
  };
  expect(await (await fromElsewhere(`${url}/v1/jobs`)).content()).toContain('Unauthorized');
  const pools = await fromElsewhere(`${url}/pools`);
  await pools.getByRole('button', { name: /^Session/ }).waitFor();

  expect(await status('/console/session', 'DELETE')).toBe(204);
  expect(await context.cookies(url)).toEqual([]);
  expect(await status('/v1/jobs')).toBe(401);
  expect(complaints).toEqual([]);
  addBrowserRow({
    page: 'the console',
    request: 'sign in at an issuer of another site',
    seen: 'back on the page that was asked for',
    answer: '200',
    changed: 'no',
  });
});
