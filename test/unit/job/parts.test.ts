// The choice of a tenant part: who gets into the lane itself, and where the other tasks wait.

import { expect, test } from 'vitest';
import { choosePart, expressPlaces, partCount, placeOf, type LaneLoad } from '../../../src/job/parts.ts';
import { queuedTask } from '../../fakes/tasks.ts';

const load = (over: Partial<LaneLoad> = {}): LaneLoad => ({
  ofTenant: 0,
  ofFlow: () => 0,
  ofAll: () => 0,
  room: Infinity,
  ...over,
});

const byPart =
  (counts: Readonly<Record<number, number>>) =>
  (part: number): number =>
    counts[part] ?? 0;

test('the first tasks of a tenant go to the lane itself, the others together to one part', () => {
  const parts = choosePart(load(), 500, 0);
  expect(parts.slice(0, expressPlaces)).toEqual(Array(expressPlaces).fill(undefined));
  expect(new Set(parts.slice(expressPlaces))).toEqual(new Set([1]));
});

test('a tenant with few queued tasks never waits in a part', () => {
  const busy = { ofAll: () => 10_000 };
  expect(choosePart(load({ ...busy, ofTenant: expressPlaces - 1 }), 1, 0.5)).toEqual([undefined]);
  expect(choosePart(load({ ...busy, ofTenant: expressPlaces }), 1, 0)).toEqual([1]);
});

test('a flow stays in its part, so that its tasks stay in order', () => {
  const queued = { ofTenant: 50, ofFlow: byPart({ 3: 46 }), ofAll: byPart({ 3: 9_000 }) };
  for (const random of [0, 0.3, 0.99]) expect(choosePart(load(queued), 1, random)).toEqual([3]);
});

test('a new flow gets the part with the fewest tasks of others', () => {
  const queued = { ofTenant: 50, ofAll: (part: number) => (part === 6 ? 2 : 1_000) };
  expect(choosePart(load(queued), 1, 0)).toEqual([6]);
});

test('among equal parts, the number that the caller passes decides', () => {
  const chosen = Array.from({ length: partCount }, (_, at) => choosePart(load({ ofTenant: 9 }), 1, at / partCount)[0]);
  expect(chosen).toEqual(Array.from({ length: partCount }, (_, at) => at + 1));
});

test('a task that the limit of its tenant holds back does not wait in the lane itself', () => {
  expect(choosePart(load({ room: 2 }), 4, 0)).toEqual([undefined, undefined, 1, 1]);
  expect(choosePart(load({ room: 0 }), 1, 0)).toEqual([1]);
});

test('requeued tasks and guests have no part', () => {
  const task = { ...queuedTask(), part: 3 };
  expect(placeOf(task)).toEqual({ lane: 'normal', part: 3 });
  expect(placeOf({ ...task, lane: 'again' })).toEqual({ lane: 'again' });
  expect(placeOf({ ...task, lane: 'guest' })).toEqual({ lane: 'guest' });
});
