// Measures the console in Chromium on this machine: what it weighs, how soon it paints, how much memory it keeps after very many
// events, and how smoothly it moves while tasks report progress and while a person scrolls: `node bench/console/main.ts`.

import { markdownTable } from '../../test/support/markdownTable.ts';
import { startBrowser } from '../../test/browser/console/browser.ts';
import { Site } from '../../test/support/site/site.ts';
import { bundleSizes } from './bundle.ts';
import { firstPaints } from './firstPaint.ts';
import { framesWhileScrolling, framesWithProgress } from './frames.ts';
import { memoryAfterEvents } from './memory.ts';
import { manyJobs } from '../../test/browser/console/situations/many.ts';

const key = (name: string) => [{ key: name, requestsPerMinute: 60_000 }];
const [jobs, firstEvents, allEvents] = [10_000, 10_000, 50_000];

const browser = await startBrowser();
try {
  print('bundle', ['file', 'bytes', 'brotli'], await bundleSizes());
  await using site = await Site.start({
    pools: [
      { name: 'default', concurrency: 20, keys: key('AIza-one') },
      { name: 'archive', keys: key('AIza-two') },
    ],
    unserved: ['archive'],
  });
  print('first contentful paint, cold cache (ms)', ['page', 'median', 'slowest'], await firstPaints(browser, site.url));
  const memory = await memoryAfterEvents(browser, site, [firstEvents, allEvents]);
  print('memory of the tab with the list of jobs', ['after', 'JS heap (MB)', 'nodes', 'listeners'], memory);
  const frameTitles = ['page', 'p50', 'p95', 'max', 'long tasks', 'longest task'];
  print('time between frames (ms)', frameTitles, [
    ...(await framesWithProgress(browser, site)),
    ...(await scrolling()),
  ]);
  async function scrolling(): Promise<string[][]> {
    await manyJobs(site, jobs, 'archive');
    return framesWhileScrolling(browser, site, jobs);
  }
} finally {
  await browser.close();
}

function print(what: string, titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const [first = '', ...others] = titles;
  process.stdout.write(`\n${markdownTable([`${what}: ${first}`, ...others], rows)}`);
}
