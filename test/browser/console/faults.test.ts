// Faults while the console is open: event streams that break or fall silent, an API that is killed, a picture that is gone, a second
// tab. The page says within seconds that it is not live, and loses nothing.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anImage } from '../../support/installation.ts';
import { addBrowserRow } from '../rows.ts';
import { openConsole, startBrowser } from './browser.ts';
import { startCuttingProxy } from './cuttingProxy.ts';
import { agreesWithApi, isLive, isReconnecting, rowOf, showsState, timeUntilReconnecting } from './live.ts';
import { Site } from '../../support/site/site.ts';

let site: Site;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([Site.start(), startBrowser()]);
  site.standin.behave({ kind: 'image', bytes: 'small' });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

const row = (request: string, seen: string, answer: string): void =>
  addBrowserRow({ page: 'the console', request, seen, answer, changed: 'no' });

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** What Chromium itself writes when a connection breaks. */
const brokenConnections = /net::ERR_|Failed to load resource/;

async function submit(count: number): Promise<string[]> {
  const jobs: string[] = [];
  for (let at = 0; at < count; at += 1) jobs.push((await site.client.submit(anImage(`a yard, ${at}`))).id);
  return jobs;
}

test.each([
  { fault: 'the event stream is cut', how: 'cut' },
  { fault: 'the event stream falls silent', how: 'silence' },
  { fault: 'every connection breaks', how: 'refuseAll' },
] as const)('$fault: the page says so, dims what it shows, and resumes without loss', async ({ fault, how }) => {
  await using proxy = await startCuttingProxy(site.url);
  await using tab = await openConsole(browser, proxy.url, { expects: brokenConnections });
  const { page } = tab;
  await tab.visit('/');
  await isLive(page);
  const before = await submit(2);
  for (const job of before) await showsState(page, job, 'succeeded');
  const after = await timeUntilReconnecting(page, () => proxy[how]());
  await page.locator('.stale').first().waitFor();
  const meanwhile = await submit(3);
  for (const job of meanwhile) await site.client.wait(job);
  const opened = proxy.resumedFrom.length;
  proxy.heal();
  await isLive(page);
  await agreesWithApi(page, site.client, [...before, ...meanwhile]);
  expect(await page.locator('.stale').count()).toBe(0);
  // It resumed where it was, instead of reading everything again.
  expect(proxy.resumedFrom.slice(opened).at(-1)).toMatch(/./);
  expect(await tab.complaints()).toEqual([]);
  row(fault, `reconnecting after ${seconds(after)}, then ${meanwhile.length} jobs that it had missed`, '200');
});

test('an API that is killed and starts again', async () => {
  await using tab = await openConsole(browser, site.url, { expects: brokenConnections });
  const { page } = tab;
  await tab.visit('/');
  await isLive(page);
  const [before] = await submit(1);
  await showsState(page, before!, 'succeeded');
  const after = await timeUntilReconnecting(page, () => site.killApi());
  await site.startApi();
  await isLive(page);
  const jobs = await submit(2);
  await agreesWithApi(page, site.client, [before!, ...jobs]);
  expect(await tab.complaints()).toEqual([]);
  row('SIGKILL of the API, which starts again', `reconnecting after ${seconds(after)}, then live`, '200');
});

test('a job page whose stream breaks shows every transition afterwards', async () => {
  await using proxy = await startCuttingProxy(site.url);
  await using tab = await openConsole(browser, proxy.url, { expects: brokenConnections });
  const { page } = tab;
  site.standin.behave({ kind: 'image', bytes: 'small', latencyMs: 500 });
  const tasks = Array.from({ length: 20 }, (_, at) => ({ name: `scene-${at + 1}` }));
  const { id } = await site.client.submit(anImage('a story', { tasks }));
  await tab.visit(`/jobs/${id}?tab=history`);
  await isLive(page);
  proxy.cut();
  await isReconnecting(page);
  await site.client.wait(id);
  proxy.heal();
  await isLive(page);
  const transitions = await site.client.history(id);
  const rows = page.getByRole('tabpanel').getByRole('row');
  await expect.poll(() => rows.count()).toBe(transitions.length + 1);
  expect(await tab.complaints()).toEqual([]);
  row('the stream of a job of 20 tasks is cut', `${transitions.length} of ${transitions.length} transitions`, '200');
});

test('a picture that is gone leaves its place, and a job that is gone says so', async () => {
  await using tab = await openConsole(browser, site.url, { expects: brokenConnections });
  const { page } = tab;
  const [job, other] = await submit(2);
  await site.client.wait(job!);
  await tab.visit(`/jobs/${job}?tab=pictures`);
  // Not by their role: what is in a button is a part of its name.
  await page.locator('main img').first().waitFor();
  await page.route('**/artifacts/**', (route) => route.fulfill({ status: 404 }));
  await page.reload();
  await page.locator('main').getByTitle('The picture is gone').first().waitFor();
  await page.unroute('**/artifacts/**');
  await site.client.wait(other!);
  await site.client.delete(other!);
  await page.goto(`${site.url}/jobs/${other}`);
  await page
    .getByRole('main')
    .getByText(/There is no job/)
    .first()
    .waitFor();
  expect(await tab.complaints()).toEqual([]);
  row('a picture answers 404', 'a place that says that it is gone', '404');
  row('a job that was deleted', 'There is no job …', '404 JobNotFound');
});

test('two tabs: what one does appears in the other', async () => {
  await using first = await openConsole(browser, site.url);
  await using second = await openConsole(browser, site.url);
  site.standin.behave({ kind: 'hang' });
  const [job] = await submit(1);
  for (const { visit } of [first, second]) await visit('/');
  await showsState(second.page, job!, 'running');
  await first.page.goto(`${site.url}/jobs/${job}`);
  await first.page
    .getByRole('button', { name: /^Cancel/ })
    .first()
    .click();
  await first.page
    .getByRole('dialog')
    .getByRole('button', { name: /^Cancel/ })
    .last()
    .click();
  await showsState(second.page, job!, 'cancelled');
  expect([await first.complaints(), await second.complaints()]).toEqual([[], []]);
  row('a second tab cancels a job', 'cancelled', '200');
});

test('reduced motion: nothing moves', async () => {
  await using tab = await openConsole(browser, site.url, { reducedMotion: 'reduce' });
  site.standin.behave({ kind: 'hang' });
  const [job] = await submit(1);
  const moving = `document.getAnimations().filter(({ playState }) => playState === 'running').length`;
  for (const path of ['/', `/jobs/${job}?tab=timeline`, `/jobs/${job}?tab=pictures`]) {
    await tab.visit(path);
    await isLive(tab.page);
    expect([path, await tab.page.evaluate(moving)]).toEqual([path, 0]);
  }
  await site.client.cancel(job!);
  await tab.visit('/');
  await rowOf(tab.page, job!).waitFor();
});
