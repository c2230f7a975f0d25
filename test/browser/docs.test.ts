// The pages at /docs in Chromium: they show every operation, load nothing from another host, keep to their content security
// policy, and send requests with the token that a person enters, also behind a proxy that adds a path.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createToken } from '../../src/api/auth/createToken.ts';
import { startInstallation } from '../support/installation.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { openChromium } from './chromium.ts';

const random = (bytes: number): Uint8Array => randomBytes(bytes);

test.each([
  { name: 'at its own address', path: '' },
  { name: 'behind a proxy that adds a path', path: '/genwarden' },
])('$name', async ({ path }) => {
  await using folder = await tempFolder('docs');
  const tokens = join(folder.path, 'tokens.json');
  const about = { name: 'docs', tenant: 'default', scopes: ['jobs:read'], createdAt: 0 } as const;
  const { token, entry } = createToken(about, random);
  await writeFile(tokens, JSON.stringify({ tokens: [entry] }));
  const proxy = await addingPath(path);
  const { url } = await startInstallation({
    processes: ['controller', 'api'],
    env: { GENWARDEN_AUTH_TOKENS_FILE: tokens, GENWARDEN_PUBLIC_URL: proxy.url },
  });
  proxy.to(url);

  const page = await (await openChromium([])).newPage();
  const seen = watch(page);
  await page.goto(`${proxy.url}/docs`);
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Record<'paths' | 'webhooks', object>;
  const described = [...Object.values(document.paths), ...Object.values(document.webhooks)] as object[];
  const operations = described.flatMap((methods) => Object.keys(methods)).length;
  await page
    .locator('.opblock')
    .nth(operations - 1)
    .waitFor();
  expect(await page.locator('.opblock').count()).toBe(operations);

  await page.locator('.auth-wrapper .authorize').click();
  await page.locator('.auth-container input').first().fill(token);
  await page.locator('.auth-btn-wrapper .authorize').first().click();
  await page.locator('.auth-btn-wrapper .btn-done').first().click();
  const list = page.locator('#operations-jobs-listJobs');
  await list.locator('.opblock-summary-control').click();
  await list.locator('.try-out__btn').click();
  await list.locator('.execute').click();
  expect(await list.locator('.live-responses-table tbody .response-col_status').first().textContent()).toContain('200');

  expect(seen.hosts).toEqual(new Set([new URL(proxy.url).host]));
  expect(seen.errors).toEqual([]);
});

/** The hosts of all requests, and what the console complained about, such as the content security policy. */
function watch(page: Page): { readonly hosts: Set<string>; readonly errors: string[] } {
  const hosts = new Set<string>();
  const errors: string[] = [];
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== 'data:') hosts.add(host);
  });
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
  page.on('pageerror', (error) => void errors.push(error.message));
  return { hosts, errors };
}

/** A proxy that serves an API below a path. Ends with the test. */
async function addingPath(path: string): Promise<{ readonly url: string; to(api: string): void }> {
  let target = '';
  const server = createServer((request, response) => {
    if (request.url?.startsWith(`${path}/`) !== true) return void response.writeHead(404).end();
    const options = { method: request.method!, headers: request.headers };
    const asked = forward(`${target}${request.url.slice(path.length)}`, options, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    asked.once('error', () => response.destroy());
    request.pipe(asked);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    to: (api) => void (target = api),
  };
}
