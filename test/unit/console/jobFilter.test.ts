// The filter of the list of jobs: the address, the API's query, and what events are checked against.

import { expect, test } from 'vitest';
import { filterKey, filterOf, isUnfiltered, listFilter, matches } from '../../../src/console/pages/jobs/list/filter.ts';
import { listed } from './jobFixtures.ts';

const filter = (query: string) => filterOf(new URLSearchParams(query));
const job = listed('01abc', 1, {
  state: 'waiting',
  pool: 'photos',
  labels: { app: 'Tutorial', 'example.com/page': '' },
  prompt: 'The front yard — حديقة 🌻',
});

test('the address says which jobs', () => {
  expect(filter('state=failed&state=open&pool=photos&kind=text&label=a=b=c&label=a=b=c&search= red++door ')).toEqual({
    states: ['open', 'failed'],
    pool: 'photos',
    kind: 'text',
    labels: ['a=b=c'],
    search: 'red  door',
  });
});

test('what the address does not say correctly is left out', () => {
  const wrong = filter('state=done&kind=video&label=x&label==y&pool=&search=++');
  expect(isUnfiltered(wrong)).toBe(true);
  expect(filterKey(wrong)).toBe(filterKey(filter('')));
  expect(filter(`search=${'x'.repeat(300)}`).search).toHaveLength(200);
});

test('the API gets only what is filtered', () => {
  expect(listFilter(filter(''))).toEqual({ labels: {} });
  expect(listFilter(filter('state=open&label=a=b=c&search=x'))).toEqual({
    state: ['open'],
    labels: { a: 'b=c' },
    search: 'x',
  });
});

test.each([
  ['', true],
  ['state=open', true],
  ['state=waiting&state=failed', true],
  ['state=failed', false],
  ['pool=photos', true],
  ['pool=photo', false],
  ['kind=text', false],
  ['label=app=Tutorial', true],
  ['label=app=tutorial', false],
  ['label=example.com/page=', true],
  ['label=app=Tutorial&label=page=1', false],
  ['search=01AB', true],
  ['search=1abc', false],
  ['search=APP%3Dtut', true],
  ['search=yard+FRONT', true],
  ['search=yard+back', false],
  ['search=hot', true],
  ['search=حديقة+🌻', true],
])('%s: %s', (query, expected) => {
  expect(matches(filter(query), job)).toBe(expected);
});

test('a job of an earlier version has no prompt', () => {
  expect(matches(filter('search=x'), listed('b', 1, { prompt: null }))).toBe(false);
});
