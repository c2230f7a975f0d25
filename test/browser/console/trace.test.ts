// The links from the Job page to the trace of the job, in Chromium.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openConsole, startBrowser } from './browser.ts';
import { axeViolations } from './checks.ts';
import { Site } from '../../support/site/site.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceUrl = `https://traces.example/trace/${traceId}`;

let site: Site;
let browser: Browser;

beforeAll(async () => {
  const env = { GENWARDEN_TRACE_URL: 'https://traces.example/trace/{traceId}' };
  [site, browser] = await Promise.all([Site.start({ env }), startBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

/** A finished job of a caller with that trace; `flags` say whether the caller records it. */
async function submitWith(flags: '00' | '01' | undefined): Promise<string> {
  const answer = await fetch(`${site.url}/v1/jobs`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(flags !== undefined && { traceparent: `00-${traceId}-00f067aa0ba902b7-${flags}` }),
    },
    body: JSON.stringify({ kind: 'image', input: { prompt: 'a yard [standin: image small]' } }),
  });
  const { id } = (await answer.json()) as { id: string };
  await site.client.wait(id);
  return id;
}

test('the facts of a job and each of its attempts link to its trace', async () => {
  const id = await submitWith('01');
  const tab = await openConsole(browser, site.url);
  const { page, visit } = tab;
  await visit(`/jobs/${id}?tab=timeline`);
  const facts = page.getByRole('region', { name: 'Facts about the job' });
  const link = facts.getByRole('link', { name: 'Open the trace' });
  expect(await link.getAttribute('href')).toBe(traceUrl);
  expect(await link.getAttribute('rel')).toBe('noreferrer');

  const timeline = page.getByRole('group', { name: 'Timeline' });
  await timeline
    .getByRole('button', { name: /Running, attempt 1/ })
    .first()
    .focus();
  await page.keyboard.press('Enter');
  const attempt = page.getByRole('region', { name: /Running, attempt 1/ });
  const again = attempt.getByRole('link', { name: 'Open the trace of this job' });
  expect(await again.getAttribute('href')).toBe(traceUrl);
  await page.evaluate('scrollTo(0, 0)');
  expect(await axeViolations(page)).toEqual([]);
  expect(await tab.complaints()).toEqual([]);
  await tab[Symbol.asyncDispose]();
});

test('a trace that nobody records is only an id, and a job without a trace shows none', async () => {
  const [unrecorded, without] = [await submitWith('00'), await submitWith(undefined)];
  const tab = await openConsole(browser, site.url);
  const { page, visit } = tab;
  const facts = page.getByRole('region', { name: 'Facts about the job' });
  await visit(`/jobs/${unrecorded}`);
  await facts.getByText(traceId).waitFor();
  expect(await page.getByRole('link', { name: /trace/ }).count()).toBe(0);
  await visit(`/jobs/${without}`);
  await facts.getByText('model').waitFor();
  expect(await facts.getByText('trace', { exact: true }).count()).toBe(0);
  expect(await tab.complaints()).toEqual([]);
  await tab[Symbol.asyncDispose]();
});
