// The pages of the console: where each is, and what it shows once it has loaded.

import type { Page } from 'playwright-core';
import { until } from '../../support/until.ts';
import type { Showcase } from './situations/showcase.ts';

export interface ConsolePageOf {
  /** Also that of its picture in docs/images/console. */
  readonly name: string;
  readonly path: (showcase: Showcase) => string;
  /** Texts that the page shows once it has loaded. */
  readonly shows: readonly (string | RegExp)[];
  /** The docs have it in one view only. */
  readonly inDocs?: 'light';
  /** Of the view in the docs, on a wide screen. */
  readonly height?: number;
}

const job =
  (name: keyof Showcase['jobs'], query = '') =>
  ({ jobs }: Showcase): string =>
    `/jobs/${jobs[name]}${query}`;
const at = (path: string) => (): string => path;

export const consolePages: readonly ConsolePageOf[] = [
  { name: 'jobs', path: at('/'), shows: ['The front yard with native plants'] },
  { name: 'jobs-failed', path: at('/?state=failed'), shows: ['A poster for the garden fair'], inDocs: 'light' },
  { name: 'new', path: at('/new'), shows: [] },
  { name: 'job', path: job('story', '?tab=pictures'), shows: ['scene-01'] },
  { name: 'job-timeline', path: job('story', '?tab=timeline'), shows: ['scene-20'], height: 1_100 },
  { name: 'job-history', path: job('story', '?tab=history'), shows: ['WorkerLost'], inDocs: 'light' },
  { name: 'job-input', path: job('succeeded', '?tab=input'), shows: ['the yard today'], inDocs: 'light' },
  { name: 'job-json', path: job('succeeded', '?tab=json'), shows: [/"state"/], inDocs: 'light' },
  { name: 'job-failed', path: job('failed'), shows: ['poster-night'], inDocs: 'light' },
  { name: 'job-text', path: job('text'), shows: [], inDocs: 'light' },
  { name: 'job-chained', path: job('chained'), shows: ['storyboard'], inDocs: 'light' },
  { name: 'job-outage', path: job('outage'), shows: [/Gemini answers 503/], inDocs: 'light' },
  { name: 'review', path: at('/review'), shows: ['fence', 'this result'] },
  { name: 'pools', path: at('/pools'), shows: ['nightly', 'partner'] },
  { name: 'workers', path: at('/workers'), shows: ['draining'], height: 1_000 },
  { name: 'stuck', path: at('/stuck'), shows: [] },
  { name: 'stuck-many', path: at('/stuck?olderThan=1s'), shows: ['PoolPaused'], inDocs: 'light' },
  { name: 'installation', path: at('/installation'), shows: ['NATS'] },
];

/** Waits until the page shows what it has to, and all pictures in view have arrived. */
export async function ready(page: Page, shows: ConsolePageOf['shows']): Promise<void> {
  for (const text of shows) await page.getByRole('main').getByText(text).first().waitFor();
  // Not `waitForFunction`, which evaluates in a way that the page's content security policy forbids.
  await until(() => page.evaluate<boolean>(picturesArrived), { what: 'the pictures in view', timeoutMs: 60_000 });
}

const picturesArrived = `[...document.images].every((image) => {
  const { top, bottom, width } = image.getBoundingClientRect();
  return image.complete || width === 0 || bottom < 0 || top > innerHeight;
})`;
