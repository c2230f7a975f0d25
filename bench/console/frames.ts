// The time between frames while twenty tasks report progress, compared with a page on which nothing happens, and while a person
// scrolls through very many jobs.

import type { Browser, Page } from 'playwright-core';
import { openConsole } from '../../test/browser/console/browser.ts';
import type { Site } from '../../test/support/site/site.ts';
import { until } from '../../test/support/until.ts';
import { percentiles } from '../measure.ts';

const watchedMs = 10_000;

export async function framesWithProgress(browser: Browser, site: Site): Promise<string[][]> {
  const { client, standin } = site;
  standin.behave({ kind: 'hang' });
  const tasks = Array.from({ length: 20 }, (_, at) => ({ name: `scene-${String(at + 1)}` }));
  const { id } = await client.submit({ kind: 'image', input: { prompt: 'a story' }, tasks });
  await until(async () => (await client.get(id)).progress.running === 20, {
    what: '20 tasks that run',
    timeoutMs: 60_000,
  });
  try {
    await using tab = await openConsole(browser, site.url);
    await tab.page.goto(`${site.url}/healthz`);
    const idle = await framesOf(tab.page, () => tab.page.waitForTimeout(watchedMs));
    const rows = [['a bare page', ...idle]];
    for (const [name, path] of [
      ['the job, 20 tasks report progress', `/jobs/${id}`],
      ['its timeline', `/jobs/${id}?tab=timeline`],
      ['the list of jobs', '/'],
    ] as const) {
      await tab.visit(path);
      rows.push([name, ...(await framesOf(tab.page, () => tab.page.waitForTimeout(watchedMs)))]);
    }
    return rows;
  } finally {
    await client.cancel(id);
    standin.behave(undefined);
  }
}

export async function framesWhileScrolling(browser: Browser, site: Site, jobs: number): Promise<string[][]> {
  await using tab = await openConsole(browser, site.url);
  await tab.visit('/');
  await tab.page.mouse.move(640, 600);
  const scroll = async (): Promise<void> => {
    // As a person turns a wheel: the list loads its next page near its end.
    for (let turn = 0; turn < 400; turn += 1) {
      await tab.page.mouse.wheel(0, 1_200);
      await tab.page.waitForTimeout(20);
    }
  };
  const frames = await framesOf(tab.page, scroll);
  const position = `(({ scrollTop, scrollHeight, clientHeight }) => [scrollTop, scrollHeight - clientHeight - scrollTop])(
    document.scrollingElement)`;
  const [scrolled, left] = await tab.page.evaluate<[number, number]>(position);
  // A row is at least 20 px high.
  if (scrolled < jobs * 20 || left > 2_000) throw new Error(`scrolled ${String(scrolled)} px, ${String(left)} px left`);
  const nodes = await tab.page.evaluate<number>(`document.querySelectorAll('*').length`);
  return [[`scrolling through ${String(jobs)} jobs (${String(nodes)} elements)`, ...frames]];
}

/** Percentiles of the time between frames, and the tasks of the main thread that took longer than 50 ms, while `work` runs. */
async function framesOf(page: Page, work: () => Promise<void>): Promise<string[]> {
  await page.evaluate(`(() => {
    globalThis.frames = [];
    globalThis.longTasks = [];
    new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => globalThis.longTasks.push(duration)))
      .observe({ type: 'longtask' });
    let before = performance.now();
    const next = (now) => { globalThis.frames.push(now - before); before = now; requestAnimationFrame(next); };
    requestAnimationFrame(next);
  })()`);
  await work();
  const [frames, longTasks] = await page.evaluate<[number[], number[]]>(
    `[globalThis.frames.slice(1), globalThis.longTasks]`,
  );
  const sorted = frames.toSorted((a, b) => a - b);
  const { p50, max } = percentiles(frames);
  const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1]!;
  const longest = Math.max(0, ...longTasks);
  return [p50, p95, max, longTasks.length, longest].map((value) => value.toFixed(0));
}
