// What a page of the console says about its connection, and about jobs, compared with the API.

import type { Locator, Page } from 'playwright-core';
import type { GenwardenClient, State } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';

const stateWords: Readonly<Record<State, string>> = {
  queued: 'queued',
  running: 'running',
  waiting: 'waiting',
  needs_review: 'needs review',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

const says = (page: Page, words: RegExp): Locator =>
  page.getByRole('banner').getByRole('status').filter({ hasText: words });

export const isLive = (page: Page): Promise<void> => says(page, /live/).waitFor();
export const isReconnecting = (page: Page): Promise<void> => says(page, /reconnecting/).waitFor();

/** The row of the list of jobs. */
export function rowOf(page: Page, job: string): Locator {
  return page.getByRole('row').filter({ has: page.locator(`a[href*="/jobs/${job}"]`) });
}

/** Waits until the list shows the state. */
export const showsState = (page: Page, job: string, state: State): Promise<void> =>
  rowOf(page, job).filter({ hasText: stateWords[state] }).first().waitFor();

/** Waits until each row shows the state that the API gives; `jobs` must be in view. */
export async function agreesWithApi(page: Page, client: GenwardenClient, jobs: readonly string[]): Promise<void> {
  for (const job of jobs) {
    await until(
      async () => {
        const { state } = await client.get(job, { tasks: false });
        return rowOf(page, job).filter({ hasText: stateWords[state] }).first().isVisible();
      },
      { what: `the state of job ${job} in the list`, timeoutMs: 60_000, intervalMs: 200 },
    );
  }
}

/** ms since the page had its last frame of a live state until it says that it reconnects. */
export async function timeUntilReconnecting(page: Page, breakIt: () => void | Promise<void>): Promise<number> {
  const start = performance.now();
  await breakIt();
  await isReconnecting(page);
  return performance.now() - start;
}
