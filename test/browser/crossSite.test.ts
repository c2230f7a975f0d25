// What web pages can do to an API without authentication on this machine: a real browser tries it.

import type { Frame, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { GenwardenClient } from '../../src/client/index.ts';
import { anImage, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { changes, reads, type Attempt, type Targets } from './attempts.ts';
import { recordingProxy } from './recordingProxy.ts';
import { openChromium, servePages } from './chromium.ts';
import { addBrowserRow, type BrowserRow } from './rows.ts';

interface World {
  readonly client: GenwardenClient;
  /** Of a browser in which the host names of all sites lead to this machine. */
  readonly page: Page;
  /** Of the API, in the browser. */
  readonly port: number;
  /** What the API answered to the browser. */
  readonly answers: readonly string[];
  /** The pages of all other sites are served here. */
  readonly pages: number;
}

async function startBrowserWorld(): Promise<World> {
  const pages = await servePages();
  const { client, url, start } = await startInstallation({
    processes: ['controller', 'api'],
    env: { GENWARDEN_CORS_ORIGINS: `http://allowed.example:${pages}` },
  });
  const { port, answers } = await recordingProxy(url);
  // A worker declares the pool; without one, jobs stay queued.
  await (await start('worker')).stop();
  const browser = await openChromium(['evil.example', 'rebound.example', 'allowed.example']);
  return { client, page: await browser.newPage(), port, answers, pages };
}

interface Origin {
  readonly name: string;
  url(world: World): string;
  /** Of the API in the page's requests; default 127.0.0.1. */
  readonly apiHost?: string;
  /** The scripts run in the sandboxed frame of the page. */
  readonly sandboxed?: true;
}

const foreign: readonly Origin[] = [
  { name: 'another site', url: ({ pages }) => `http://evil.example:${pages}/` },
  { name: 'sandboxed frame', url: ({ pages }) => `http://evil.example:${pages}/frame`, sandboxed: true },
  { name: 'another port of localhost', url: ({ pages }) => `http://localhost:${pages}/`, apiHost: 'localhost' },
  { name: 'rebound host name', url: ({ port }) => `http://rebound.example:${port}/page`, apiHost: 'rebound.example' },
];

it('a page of another site changes nothing and reads nothing', async () => {
  const world = await startBrowserWorld();
  for (const origin of foreign) {
    for (const attempt of changes) {
      const { answer, changed } = await tried(world, origin, attempt);
      // A browser sends no request after a preflight that does not allow the page's origin.
      expect([origin.name, attempt.request, changed, answer]).toEqual([
        origin.name,
        attempt.request,
        'no',
        expect.stringMatching(/^(?:403 (?:CrossSiteRequest|ForeignHost)|preflight \d{3}.*)$/),
      ]);
    }
    for (const attempt of reads) {
      const { seen, changed } = await tried(world, origin, attempt);
      expect([origin.name, attempt.request, seen, changed]).toEqual([
        origin.name,
        attempt.request,
        expect.not.stringMatching(/readable|^open$/),
        'no',
      ]);
    }
  }
});

const admitted: readonly Origin[] = [
  { name: 'in GENWARDEN_CORS_ORIGINS', url: ({ pages }) => `http://allowed.example:${pages}/` },
  { name: 'of the API', url: ({ port }) => `http://127.0.0.1:${port}/page` },
];

it('a page of an allowed origin and one of the API itself do everything', async () => {
  const world = await startBrowserWorld();
  for (const origin of admitted) {
    for (const attempt of changes) {
      const { answer, changed } = await tried(world, origin, attempt);
      // A form cannot send JSON, and text that looks like it is refused from every page.
      const expected = /^form|text\/plain/.test(attempt.request)
        ? ['415 UnsupportedMediaType', 'no']
        : [/^20\d$/, 'yes'];
      expect([attempt.request, answer, changed]).toEqual([
        attempt.request,
        expect.stringMatching(expected[0]!),
        expected[1],
      ]);
    }
    for (const request of ['fetch GET jobs', 'EventSource']) {
      const { seen } = await tried(
        world,
        origin,
        reads.find((attempt) => attempt.request === request)!,
      );
      expect([request, seen]).toEqual([request, request === 'EventSource' ? 'open' : '200 readable']);
    }
  }
});

/** Opens a page of the origin, lets it make the attempt, and adds the row. */
async function tried(world: World, origin: Origin, attempt: Attempt): Promise<BrowserRow> {
  const { client, page, port, answers } = world;
  const api = `http://${origin.apiHost ?? '127.0.0.1'}:${port}`;
  const targets: Targets = { api, open: await queuedJob(client), ended: await cancelledJob(client) };
  const state = await stateOf(client);
  try {
    const frame = await openPage(page, origin.url(world), origin.sandboxed === true);
    const before = answers.length;
    const seen = String(await frame.evaluate(attempt.script(targets)));
    await until(() => answers.length > before, { what: `an answer to ${attempt.request}` });
    const answer = answers.at(-1)!;
    const changed = (await stateOf(client)) === state ? 'no' : 'yes';
    const row = { page: origin.name, request: attempt.request, seen, answer, changed } as const;
    addBrowserRow(row);
    return row;
  } finally {
    await leave(page);
    await client.resumePool('default');
  }
}

/** Ends what the page has open. A link that it has just followed may interrupt this, and so may a navigation that was interrupted. */
async function leave(page: Page, tries = 10): Promise<void> {
  try {
    await page.goto('about:blank');
  } catch (error) {
    if (tries === 1) throw error;
    await page.waitForLoadState();
    await leave(page, tries - 1);
  }
}

async function openPage(page: Page, url: string, sandboxed: boolean): Promise<Frame> {
  await page.goto(url);
  return sandboxed ? page.frames()[1]! : page.mainFrame();
}

const queuedJob = async (client: GenwardenClient): Promise<string> => (await client.submit(anImage('a yard'))).id;

async function cancelledJob(client: GenwardenClient): Promise<string> {
  const id = await queuedJob(client);
  await client.cancel(id);
  return id;
}

async function stateOf(client: GenwardenClient): Promise<string> {
  const jobs = await Array.fromAsync(client.list());
  const [pool] = await client.pools();
  return JSON.stringify([pool?.paused, jobs.map(({ id, state }) => [id, state])]);
}
