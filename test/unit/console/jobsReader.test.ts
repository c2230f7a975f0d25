// Reading the list of jobs: pages as they are needed, again after a snapshot, and what is in sight while jobs wait.

import { expect, test } from 'vitest';
import type { JobPage, ListedJob } from '../../../src/client/index.ts';
import { filterOf } from '../../../src/console/pages/jobs/list/filter.ts';
import type { ListEvent } from '../../../src/console/pages/jobs/list/jobList.ts';
import { JobsReader } from '../../../src/console/pages/jobs/list/jobsReader.ts';
import { jobEvent, listed } from './jobFixtures.ts';

/** An API with jobs, newest first; the cursor is the index of the next job. */
class Api {
  jobs: ListedJob[];
  readonly asked: string[] = [];
  fails = false;
  inSight = { first: 0, end: 20 };
  holds = false;
  readonly reader: JobsReader;

  constructor(count: number) {
    this.jobs = Array.from({ length: count }, (_, index) => listed(`job-${count - index}`, count - index));
    this.reader = new JobsReader(filterOf(new URLSearchParams()), {
      readPage: ({ cursor, limit }) => this.#page(cursor ?? '', limit),
      holds: () => this.holds,
      inSight: () => this.inSight,
      now: () => 0,
    });
  }

  get shown(): string[] {
    return this.reader.list.rows.map(({ id }) => id);
  }

  async #page(cursor: string, limit: number): Promise<JobPage> {
    await Promise.resolve();
    this.asked.push(`${cursor}+${limit}`);
    if (this.fails) throw new Error('no answer');
    const from = cursor === '' ? 0 : this.jobs.findIndex(({ id }) => id === cursor) + 1;
    const items = this.jobs.slice(from, from + limit);
    const next = from + limit < this.jobs.length ? items.at(-1)!.id : null;
    return { items, next, complete: true, since: null };
  }
}

const snapshot = (job?: string): ListEvent => ({
  job,
  event: 'snapshot',
  id: 'g-9',
  data: { items: [], complete: true },
});

async function loaded(count: number, pages: number): Promise<Api> {
  const api = new Api(count);
  await api.reader.restart();
  for (let page = 0; page < pages; page += 1) await api.reader.readMore();
  return api;
}

test('a small first page, then further ones until the end, each once', async () => {
  const api = await loaded(500, 5);
  expect(api.asked).toEqual(['+60', 'job-441+200', 'job-241+200', 'job-41+200']);
  expect(api.shown).toEqual(api.jobs.map(({ id }) => id));
});

test('two requests for more read one page', async () => {
  const api = await loaded(500, 0);
  await Promise.all([api.reader.readMore(), api.reader.readMore()]);
  expect(api.shown).toHaveLength(260);
});

test('after a snapshot everything down to what is in sight is read again, and the rest later', async () => {
  const api = await loaded(900, 4);
  expect(api.shown).toHaveLength(860);
  api.inSight = { first: 230, end: 250 };
  api.holds = true;
  api.jobs = api.jobs.map((job) => ({ ...job, state: 'running' }));
  api.asked.length = 0;
  api.reader.take([snapshot()]);
  await api.reader.reread();
  expect(api.asked.slice(0, 2)).toEqual(['+200', 'job-701+200']);
  expect(api.shown).toHaveLength(400);
  expect(api.reader.list.rows.every(({ job }) => job.state === 'running')).toBe(true);
  await api.reader.readMore();
  expect(api.shown).toHaveLength(600);
});

test('the snapshot of another stream is none', async () => {
  const api = await loaded(100, 0);
  api.asked.length = 0;
  api.reader.take([snapshot('job-1')]);
  await api.reader.readMore();
  expect(api.asked).toEqual(['job-41+200']);
});

test('rows in sight are read again while one of them waits', async () => {
  const api = await loaded(900, 4);
  api.inSight = { first: 300, end: 320 };
  api.asked.length = 0;
  await api.reader.refreshInSight();
  expect(api.asked).toEqual(['job-641+60']);
  api.jobs = api.jobs.map((job) => ({ ...job, state: 'succeeded' }));
  await api.reader.restart();
  api.asked.length = 0;
  api.inSight = { first: 0, end: 20 };
  await api.reader.refreshInSight();
  expect(api.asked).toEqual([]);
});

test('a failure is told and keeps the rows; the next success ends it', async () => {
  const api = await loaded(100, 1);
  api.fails = true;
  await api.reader.restart();
  expect(api.reader.error.value).toEqual(new Error('no answer'));
  expect(api.shown).toHaveLength(100);
  api.fails = false;
  await api.reader.reread();
  expect(api.reader.error.value).toBeUndefined();
});

test('back at the top, rows far below are forgotten', async () => {
  const api = await loaded(3_000, 11);
  expect(api.shown.length).toBeGreaterThan(2_000);
  api.reader.take([jobEvent(listed('new', 4_000))]);
  // The first page, and the new job that the API's answer does not have yet.
  await expect.poll(() => api.shown.length).toBe(61);
});

test('with very many new jobs above, the list is read again to show them', async () => {
  const api = await loaded(100, 0);
  api.holds = true;
  const many = Array.from({ length: 700 }, (_, index) => listed(`new-${index}`, 1_000 + index));
  api.reader.take(many.map(jobEvent));
  expect([api.reader.list.above, api.shown.length]).toEqual([700, 60]);
  api.jobs = [...many.toReversed(), ...api.jobs];
  api.asked.length = 0;
  api.reader.flush();
  await api.reader.readMore();
  await api.reader.restart();
  expect(api.asked[0]).toBe('+60');
  expect([api.reader.list.above, api.shown[0]]).toEqual([0, 'new-699']);
});

test('a reader that has stopped tells nothing', async () => {
  const api = new Api(10);
  api.fails = true;
  const read = api.reader.restart();
  api.reader.stop();
  await read;
  expect([api.reader.error.value, api.reader.version.value]).toEqual([undefined, 0]);
});
