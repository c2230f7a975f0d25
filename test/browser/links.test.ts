// Signed links, CORS and the end of event streams in a real browser: pages of other origins show the pictures of a job.

import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { GenwardenClient, type JobLinks } from '../../src/client/index.ts';
import { anImage, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { openChromium, servePages } from './chromium.ts';
import { following, showing, tracedFetch, whatItSees, type Seen } from './linksPage.ts';
import { recordingProxy } from './recordingProxy.ts';
import { addBrowserRow } from './rows.ts';

interface World {
  /** Its calls go through the proxy, so that links have the proxy's address. */
  readonly client: GenwardenClient;
  readonly page: Page;
  readonly api: string;
  /** Method, path and status of what the browser and the client asked. */
  readonly requests: readonly string[];
  readonly allowed: string;
  readonly foreign: string;
}

async function startWorld(): Promise<World> {
  const pages = await servePages();
  const allowed = `http://allowed.example:${pages}`;
  const { url } = await startInstallation({ env: { GENWARDEN_CORS_ORIGINS: allowed } });
  const { port, requests } = await recordingProxy(url);
  const api = `http://127.0.0.1:${port}`;
  const browser = await openChromium(['evil.example', 'allowed.example']);
  const client = new GenwardenClient({ url: api });
  return { client, page: await browser.newPage(), api, requests, allowed, foreign: `http://evil.example:${pages}` };
}

/** Two pictures that wait for a review, so that the test decides when each arrives. */
async function twoPictures({ client }: World): Promise<string> {
  const tasks = [{ name: 'front' }, { name: 'back' }];
  const { id } = await client.submit(anImage('a yard', { tasks, policy: { review: 'always' } }));
  await client.wait(id);
  return id;
}

const sees = async (page: Page, enough: (seen: Seen) => boolean, what: string): Promise<Seen> =>
  until(
    async () => {
      const seen = await page.evaluate<Seen>(whatItSees);
      return enough(seen) && seen;
    },
    { what, timeoutMs: 60_000 },
  );

const row = (page: string, request: string, seen: string, answer: string): void =>
  addBrowserRow({ page, request, seen, answer, changed: 'no' });

const closed = 2;

it('a page of another origin shows pictures as they arrive, and its EventSource closes when the job is done', async () => {
  const world = await startWorld();
  const { client, page, allowed, requests } = world;
  const id = await twoPictures(world);
  await page.goto(`${allowed}/`);
  await page.evaluate(following(await client.links(id)));
  await sees(page, ({ events }) => events.length === 1, 'the snapshot');
  await client.review(id, 0, { run: 1, decision: 'approve' });
  const first = await sees(page, ({ pictures }) => pictures.length === 1, 'the first picture');
  expect(first).toMatchObject({ readyState: 1, states: [], pictures: [expect.any(Number)] });
  await client.review(id, 1, { run: 1, decision: 'approve' });
  const last = await sees(
    page,
    ({ readyState, pictures }) => readyState === closed && pictures.length === 2,
    'the end',
  );
  expect(last.events).toEqual([
    'snapshot needs_review',
    'task succeeded',
    'job needs_review',
    'task succeeded',
    'job succeeded',
  ]);
  // The end of the stream, then the answer to the one attempt to reconnect.
  expect(last.states).toEqual([0, closed]);
  const connections = requests.filter((request) => request.includes(`/${id}/events`));
  expect(connections).toEqual([`GET /v1/jobs/${id}/events 200`, `GET /v1/jobs/${id}/events 204`]);
  row('in GENWARDEN_CORS_ORIGINS', 'EventSource by link, until the end', '2 pictures, CLOSED', '200, then 204');
});

it('an EventSource of a job that has finished gets its end once, and closes', async () => {
  const world = await startWorld();
  const { client, page, allowed, requests } = world;
  const { id } = await client.submit(anImage('a yard'));
  await client.wait(id);
  await page.goto(`${allowed}/`);
  await page.evaluate(following(await client.links(id)));
  const { events, states } = await sees(page, ({ readyState }) => readyState === closed, 'the end');
  expect([events, states]).toEqual([
    ['snapshot succeeded', 'job succeeded'],
    [0, closed],
  ]);
  const connections = requests.filter((request) => request.includes(`/${id}/events`));
  expect(connections).toEqual([`GET /v1/jobs/${id}/events 200`, `GET /v1/jobs/${id}/events 204`]);
  row('in GENWARDEN_CORS_ORIGINS', 'EventSource by link, finished job', 'the job once, CLOSED', '200, then 204');
});

it('an EventSource whose link expires gets a problem, and closes', async () => {
  const world = await startWorld();
  const { client, page, allowed, requests } = world;
  const id = await twoPictures(world);
  await page.goto(`${allowed}/`);
  // Long enough to connect, also on a slow machine.
  await page.evaluate(following(await client.links(id, { expiresIn: '8s' })));
  const { events, states } = await sees(page, ({ readyState }) => readyState === closed, 'the end');
  expect([events, states]).toEqual([
    ['snapshot needs_review', 'problem LinkExpired'],
    [0, closed],
  ]);
  const connections = requests.filter((request) => request.includes(`/${id}/events`));
  expect(connections).toEqual([`GET /v1/jobs/${id}/events 200`, `GET /v1/jobs/${id}/events 403`]);
  row('in GENWARDEN_CORS_ORIGINS', 'EventSource by link that expires', 'problem LinkExpired, CLOSED', '200, then 403');
});

/** What a page makes of links: a picture, the job, its events, and the picture without its signature. */
async function usesOf(page: Page, { job, events, artifacts }: JobLinks): Promise<string[]> {
  const { href } = artifacts.find(({ artifact }) => artifact === 'image')!;
  const read = (url: string): string =>
    `fetch(${JSON.stringify(url)}).then(async (answer) => (await answer.json()).state, (error) => error.name)`;
  const listen = `new Promise((resolve) => {
    const source = new EventSource(${JSON.stringify(events)});
    source.addEventListener('snapshot', () => { source.close(); resolve('a snapshot'); });
    source.onerror = () => { source.close(); resolve('error event'); };
  })`;
  const unsigned = new URL(href);
  unsigned.searchParams.delete('link');
  const answers: string[] = [];
  for (const script of [showing(href), read(job), listen, showing(unsigned.href)]) {
    answers.push(await page.evaluate<string>(script));
  }
  return answers;
}

it('a page of any site shows a picture by its link; only pages of allowed origins read the job and its events', async () => {
  const world = await startWorld();
  const { client, page, allowed, foreign } = world;
  const { id } = await client.submit(anImage('a yard'));
  await client.wait(id);
  const links = await client.links(id);
  await page.goto(`${foreign}/`);
  expect(await usesOf(page, links)).toEqual(['a picture', 'TypeError', 'error event', 'no picture']);
  row('another site', 'img by link', 'a picture', '200');
  row('another site', 'fetch and EventSource by link', 'nothing', '200');
  await page.goto(`${allowed}/`);
  expect(await usesOf(page, links)).toEqual(['a picture', 'succeeded', 'a snapshot', 'a picture']);
  row('in GENWARDEN_CORS_ORIGINS', 'fetch and EventSource by link', 'the job', '200');
});

it('a page of an allowed origin sends the headers of tracing libraries, and reads headers and errors; another one does not', async () => {
  const world = await startWorld();
  const { page, api, allowed, foreign, requests } = world;
  const paths = ['/v1/jobs', `/v1/jobs/${'0'.repeat(26)}`];
  const attempts = async (): Promise<string[]> =>
    Promise.all(paths.map((path) => page.evaluate<string>(tracedFetch(api + path))));
  await page.goto(`${allowed}/`);
  expect(await attempts()).toEqual(['200 from-a-page', '404 from-a-page']);
  // Again: the browser remembers the answers to the preflights.
  expect(await attempts()).toEqual(['200 from-a-page', '404 from-a-page']);
  const preflights = (): string[] => requests.filter((request) => request.startsWith('OPTIONS'));
  expect(preflights().toSorted()).toEqual(paths.map((path) => `OPTIONS ${path} 204`));
  row('in GENWARDEN_CORS_ORIGINS', 'fetch with 12 tracing headers', '200, and 404 with its headers', 'preflight 204');
  const before = requests.length;
  await page.goto(`${foreign}/`);
  expect(await attempts()).toEqual(['TypeError', 'TypeError']);
  // No request follows a preflight that does not allow the origin.
  expect(requests.slice(before).toSorted()).toEqual(paths.map((path) => `OPTIONS ${path} 204`));
  row('another site', 'fetch with 12 tracing headers', 'TypeError', 'preflight 204, no Allow-Origin');
});
