// The selection of rows, with and without Shift.

import { expect, test } from 'vitest';
import { extend, nothingSelected, toggle } from '../../../src/console/pages/jobs/list/selection.ts';

const order = ['a', 'b', 'c', 'd', 'e'];

test('a row is selected, and no longer', () => {
  const one = toggle(nothingSelected, 'b');
  expect([...one.ids]).toEqual(['b']);
  expect([...toggle(one, 'b').ids]).toEqual([]);
  expect([...nothingSelected.ids]).toEqual([]);
});

test('Shift selects from the last row on, in both directions', () => {
  expect([...extend(toggle(nothingSelected, 'b'), 'd', order).ids].sort()).toEqual(['b', 'c', 'd']);
  expect([...extend(toggle(nothingSelected, 'd'), 'b', order).ids].sort()).toEqual(['b', 'c', 'd']);
});

test('Shift on a selected row ends the selection of the range', () => {
  const all = extend(toggle(nothingSelected, 'a'), 'e', order);
  expect([...extend(all, 'c', order).ids].sort()).toEqual(['a', 'b']);
});

test('without a row before, or if it has gone, Shift selects one row', () => {
  expect([...extend(nothingSelected, 'c', order).ids]).toEqual(['c']);
  expect([...extend(toggle(nothingSelected, 'gone'), 'c', order).ids]).toEqual(['gone', 'c']);
});
