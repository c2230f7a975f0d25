// What a tab with the list of jobs keeps in memory after very many events: JavaScript heap, DOM nodes and listeners, after a
// garbage collection.

import type { Browser, CDPSession, Page } from 'playwright-core';
import { openConsole } from '../../test/browser/console/browser.ts';
import type { Site } from '../../test/support/site/site.ts';
import { manyEvents } from '../../test/browser/console/situations/many.ts';

export async function memoryAfterEvents(browser: Browser, site: Site, counts: readonly number[]): Promise<string[][]> {
  await using tab = await openConsole(browser, site.url);
  await tab.visit('/');
  await live(tab.page);
  const session = await tab.page.context().newCDPSession(tab.page);
  const rows = [['0 events', ...(await memoryOf(session))]];
  let events = 0;
  for (const count of counts) {
    events += await manyEvents(site, count - events, 'archive');
    // What has arrived is shown within a second.
    await tab.page.waitForTimeout(3_000);
    rows.push([`${String(events)} events`, ...(await memoryOf(session))]);
  }
  return rows;
}

const live = (page: Page): Promise<void> => page.getByRole('status').filter({ hasText: 'live' }).waitFor();

async function memoryOf(session: CDPSession): Promise<string[]> {
  // The second one frees what finalizers of the first one held.
  for (let time = 0; time < 2; time += 1) await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
  return [(usedSize / 1_048_576).toFixed(1), String(nodes), String(jsEventListeners)];
}
