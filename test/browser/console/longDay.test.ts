// A tab that stays open for a day: 50,000 events arrive, and what it keeps in memory stays within bounds.

import type { Browser, CDPSession } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addBrowserRow } from '../rows.ts';
import { openConsole, startBrowser } from './browser.ts';
import { isLive, showsState } from './live.ts';
import { Site } from '../../support/site/site.ts';
import { manyEvents } from './situations/many.ts';

let site: Site;
let browser: Browser;
const key = { key: 'AIza-one', requestsPerMinute: 60_000 };

beforeAll(async () => {
  const pools = [{ name: 'default', keys: [key] }];
  [site, browser] = await Promise.all([Site.start({ pools, unserved: ['default'] }), startBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

test('the list of jobs keeps its memory and its elements within bounds', async () => {
  await using tab = await openConsole(browser, site.url);
  await tab.visit('/');
  await isLive(tab.page);
  const session = await tab.page.context().newCDPSession(tab.page);
  const early = await manyEvents(site, 5_000, 'default');
  await showsLast();
  const before = await memoryOf(session);
  const events = early + (await manyEvents(site, 50_000 - early, 'default'));
  await showsLast();
  const after = await memoryOf(session);
  // An event takes about 500 bytes: a tab that kept all of them would have grown by more than 20 MB.
  expect(after.heapMb - before.heapMb).toBeLessThan(10);
  expect(after.nodes).toBeLessThan(2 * before.nodes);
  expect(await tab.complaints()).toEqual([]);
  const grown = `${before.heapMb.toFixed(1)} MB after ${early} events, ${after.heapMb.toFixed(1)} MB after ${events}`;
  const seen = `${grown}; ${before.nodes} and ${after.nodes} nodes`;
  addBrowserRow({ page: 'the console', request: 'open for a day', seen, answer: '200', changed: 'no' });

  /** The page has worked through all events before. */
  async function showsLast(): Promise<void> {
    const { id } = await site.client.submit({ kind: 'text', input: { prompt: 'the last one' } });
    await showLatest();
    await showsState(tab.page, id, 'queued');
    await site.client.cancel(id);
    await showsState(tab.page, id, 'cancelled');
  }

  /** New jobs wait above a list that was scrolled or is under the pointer. */
  async function showLatest(): Promise<void> {
    const more = tab.page.getByRole('button', { name: /\d new/ });
    if (await more.isVisible()) await more.click();
  }
});

async function memoryOf(session: CDPSession): Promise<{ heapMb: number; nodes: number }> {
  for (let time = 0; time < 2; time += 1) await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes } = await session.send('Memory.getDOMCounters');
  return { heapMb: usedSize / 1_048_576, nodes };
}
