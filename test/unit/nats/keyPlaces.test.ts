// The record of running tasks: places lapse with their worker, and come back with it.

import { expect, test } from 'vitest';
import { placesCodec } from '../../../src/adapters/nats/keys/codec.ts';
import {
  holdsPlace,
  keepOnly,
  leavePlace,
  noPlaces,
  placeFor,
  renewPlaces,
  roomIn,
  takePlace,
  type PlaceClaim,
} from '../../../src/adapters/nats/keys/places.ts';
import { start } from '../../fakes/tasks.ts';

const flow = { tenant: 'acme', group: null };
const limits = { tenant: 2 };
const claim = (task: string, id = `${task}#1`): PlaceClaim => ({ task, flow, id });

test('a place lapses unless it is renewed', () => {
  const taken = takePlace(takePlace(noPlaces, claim('a'), limits, start), claim('b'), limits, start);
  expect(takePlace(taken, claim('c'), limits, start)).toBe(taken);
  const later = start + placeFor - 1;
  const renewed = renewPlaces(taken, [claim('a')], later);
  expect(roomIn(renewed, flow, limits, later + 1)).toBe(1);
  expect(holdsPlace(renewed, claim('a'), later + 1)).toBe(true);
  expect(holdsPlace(renewed, claim('b'), later + 1)).toBe(false);
});

test('a place that lapsed while its worker was cut off counts again, even beyond the limit', () => {
  const taken = takePlace(takePlace(noPlaces, claim('a'), limits, start), claim('b'), limits, start);
  const later = start + placeFor;
  const others = takePlace(takePlace(taken, claim('c'), limits, later), claim('d'), limits, later);
  const back = renewPlaces(others, [claim('a'), claim('b')], later);
  expect(back.places).toHaveLength(4);
  expect(roomIn(back, flow, limits, later)).toBe(0);
});

test('only the holder that claimed the task keeps its place', () => {
  const one = takePlace(noPlaces, claim('a', 'lost'), limits, start);
  const both = takePlace(one, claim('a', 'next'), limits, start);
  expect(roomIn(both, flow, limits, start)).toBe(1);
  const kept = keepOnly(both, claim('a', 'next'));
  expect(holdsPlace(kept, claim('a', 'lost'), start)).toBe(false);
  expect(keepOnly(kept, claim('a', 'next'))).toBe(kept);
  expect(leavePlace(kept, claim('a', 'lost'))).toBe(kept);
  expect(leavePlace(kept, claim('a', 'next'))).toEqual(noPlaces);
});

test('the record survives its codec, and garbage is dropped', () => {
  const record = takePlace(noPlaces, { ...claim('a'), flow: { tenant: 'acme', group: 'p42' } }, limits, start);
  expect(placesCodec.decode(JSON.parse(JSON.stringify(placesCodec.encode(record))), start)).toEqual(record);
  expect(placesCodec.decode({ places: [{ task: 1 }] }, start)).toBeUndefined();
});
