// The rows of the list of jobs: pages, events, what stays above, what fades.

import { expect, test } from 'vitest';
import type { JobPage, ListedJob } from '../../../src/client/index.ts';
import { filterOf, type Filter } from '../../../src/console/pages/jobs/list/filter.ts';
import { JobList } from '../../../src/console/pages/jobs/list/jobList.ts';
import { at, deletedEvent, jobEvent, listed } from './jobFixtures.ts';

const filter = (query = ''): Filter => filterOf(new URLSearchParams(query));
const page = (items: ListedJob[], next: string | null = null): JobPage => ({
  items,
  next,
  complete: true,
  since: null,
});
const fromTop = { after: undefined, hold: false, asOf: 0 };

function listOf(query: string, items: ListedJob[], next: string | null = null): JobList {
  const list = new JobList(filter(query));
  list.merge(page(items, next), fromTop);
  return list;
}

const ids = (list: JobList): string[] => list.rows.map(({ id, faded }) => (faded ? `(${id})` : id));

test('a job that changes keeps its place, and its row is a new one', () => {
  const list = listOf('', [listed('b', 2), listed('a', 1)]);
  const [, before] = list.rows;
  expect(list.apply([jobEvent(listed('a', 1, { state: 'running' }))], true, 0)).toBe(true);
  expect(list.rows[1]).toMatchObject({ id: 'a', faded: false, job: { state: 'running' } });
  expect(list.rows[1]).not.toBe(before);
  expect(list.apply([jobEvent(listed('b', 2))], true, 0)).toBe(true);
  expect(ids(list)).toEqual(['b', 'a']);
});

test('new jobs stay above while the user is in the list, and come in at their places with the flush', () => {
  const list = listOf('', [listed('b', 2), listed('a', 1)]);
  list.apply([jobEvent(listed('d', 4)), jobEvent(listed('c', 3))], true, 0);
  expect([ids(list), list.above]).toEqual([['b', 'a'], 2]);
  // One of them changes meanwhile, one is deleted.
  list.apply([jobEvent(listed('d', 4, { state: 'running' })), deletedEvent('c')], true, 0);
  expect(list.above).toBe(1);
  expect(list.flush()).toBe(true);
  expect([ids(list), list.above]).toEqual([['d', 'b', 'a'], 0]);
  expect(list.rows[0]!.job.state).toBe('running');
});

test('without the user in the list, new jobs come in at once', () => {
  const list = listOf('', [listed('a', 1)]);
  list.apply([jobEvent(listed('b', 2)), jobEvent(listed('c', 3))], false, 0);
  expect([ids(list), list.above]).toEqual([['c', 'b', 'a'], 0]);
});

test('jobs of the same moment are ordered by ID, as the API does it', () => {
  const list = listOf('', []);
  list.apply([jobEvent(listed('b', 1)), jobEvent(listed('a', 1)), jobEvent(listed('c', 1))], false, 0);
  expect(ids(list)).toEqual(['c', 'b', 'a']);
});

test('a row whose job no longer matches the filter fades, comes back, and goes with the flush', () => {
  const list = listOf('state=running', [listed('b', 2, { state: 'running' }), listed('a', 1, { state: 'running' })]);
  list.apply([jobEvent(listed('b', 2, { state: 'succeeded' }))], false, 0);
  expect(ids(list)).toEqual(['(b)', 'a']);
  list.apply([jobEvent(listed('b', 2, { state: 'running' }))], false, 0);
  expect(ids(list)).toEqual(['b', 'a']);
  list.apply([deletedEvent('a')], true, 0);
  expect(ids(list)).toEqual(['b', '(a)']);
  list.flush();
  expect(ids(list)).toEqual(['b']);
  expect(list.row('a')).toBeUndefined();
});

test('a job that begins to match comes in at its place; one above that no longer matches is not new', () => {
  const list = listOf('state=failed', [listed('c', 3, { state: 'failed' }), listed('a', 1, { state: 'failed' })]);
  expect(list.apply([jobEvent(listed('b', 2, { state: 'running' }))], false, 0)).toBe(false);
  list.apply([jobEvent(listed('b', 2, { state: 'failed' }))], true, 0);
  expect(list.above).toBe(1);
  list.apply([jobEvent(listed('b', 2, { state: 'queued' }))], true, 0);
  expect(list.above).toBe(0);
  list.apply([jobEvent(listed('b', 2, { state: 'failed' }))], false, 0);
  expect(ids(list)).toEqual(['c', 'b', 'a']);
});

test('jobs of pages that were not read yet come with their page', () => {
  const list = listOf('', [listed('c', 3)], 'after-c');
  expect(list.apply([jobEvent(listed('a', 1, { state: 'running' }))], false, 0)).toBe(false);
  expect(list.next).toBe('after-c');
  list.merge(page([listed('b', 2), listed('a', 1, { state: 'running' })]), { ...fromTop, after: list.rows[0] });
  expect([ids(list), list.next]).toEqual([['c', 'b', 'a'], null]);
});

test('a further page is appended while the user is in the list', () => {
  const list = listOf('', [listed('c', 3)], 'after-c');
  list.merge(page([listed('b', 2)], 'after-b'), { after: list.rows[0], hold: true, asOf: 0 });
  expect([ids(list), list.above, list.next]).toEqual([['c', 'b'], 0, 'after-b']);
});

test('an event wins over a page that another API process answered from an older state', () => {
  const list = new JobList(filter());
  list.apply(
    [jobEvent(listed('a', 1, { state: 'succeeded' })), jobEvent(listed('b', 2)), deletedEvent('c')],
    false,
    10_000,
  );
  list.merge(page([listed('c', 3), listed('a', 1, { state: 'running' })]), { ...fromTop, asOf: 10_100 });
  expect(ids(list)).toEqual(['(c)', 'b', 'a']);
  expect(list.rows[2]!.job.state).toBe('succeeded');
  // Long ago: the page is newer.
  list.merge(page([listed('b', 2), listed('a', 1, { state: 'queued' })]), { ...fromTop, asOf: 20_000 });
  expect(list.rows.find(({ id }) => id === 'a')!.job.state).toBe('queued');
});

test('a list that replaces another one has the events that arrived while it was read', () => {
  const old = listOf('', [listed('a', 1)]);
  const list = new JobList(filter(), old);
  old.apply([jobEvent(listed('a', 1, { state: 'running' }))], true, 50);
  list.merge(page([listed('a', 1)]), { ...fromTop, asOf: 0 });
  expect(list.rows[0]!.job.state).toBe('running');
});

test('reading again patches rows, fades those that are gone, and holds new ones above', () => {
  const list = listOf('', [listed('c', 3), listed('b', 2), listed('a', 1)]);
  list.merge(page([listed('d', 4), listed('c', 3, { state: 'running' }), listed('a', 1)]), { ...fromTop, hold: true });
  expect([ids(list), list.above]).toEqual([['c', '(b)', 'a'], 1]);
  list.merge(page([listed('d', 4), listed('c', 3), listed('a', 1)]), fromTop);
  expect([ids(list), list.above]).toEqual([['d', 'c', '(b)', 'a'], 0]);
});

test('a part that is read again changes nothing beside it', () => {
  const list = listOf('', [listed('d', 4), listed('c', 3)], 'after-c');
  list.merge(page([listed('b', 2), listed('a', 1)], 'after-a'), { ...fromTop, after: list.rows[1] });
  list.merge(page([listed('d', 4)], 'after-d'), fromTop);
  expect([ids(list), list.next]).toEqual([['d', 'c', 'b', 'a'], 'after-a']);
  list.merge(page([listed('b', 2, { state: 'failed' })], 'after-b'), { ...fromTop, after: list.row('c') });
  expect([ids(list), list.next]).toEqual([['d', 'c', 'b', 'a'], 'after-a']);
  expect(list.row('b')!.job.state).toBe('failed');
  list.truncateAfter('c');
  expect([ids(list), list.next, list.row('b')]).toEqual([['d', 'c'], 'after-c', undefined]);
});

test('the place where the next page begins survives the row that ended the page', () => {
  const list = listOf('', [listed('b', 2), listed('a', 1)], 'after-a');
  list.apply([deletedEvent('a')], false, 0);
  list.flush();
  expect(list.rows.map(({ id, cursor }) => [id, cursor])).toEqual([['b', 'after-a']]);
});

test('only so many new jobs are kept above; the others are counted, and need a new reading', () => {
  const list = listOf('', [listed('a', 1)]);
  const many = Array.from({ length: 700 }, (_, index) => jobEvent(listed(`n${index}`, 2)));
  list.apply(many, true, 0);
  list.apply(many, true, 1);
  expect(list.above).toBe(700);
  expect(list.flush()).toBe(false);
  expect(ids(list)).toEqual(['a']);
});

test('where the index ends is known', () => {
  const list = new JobList(filter());
  list.merge({ items: [listed('a', 1)], next: null, complete: false, since: at(0) }, fromTop);
  expect(list).toMatchObject({ complete: false, since: at(0) });
});
