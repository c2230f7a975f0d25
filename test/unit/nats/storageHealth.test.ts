// What a process remembers about full storage from the outcomes of its writes.

import { JetStreamApiError } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { shareStorage, storageOf } from '../../../src/adapters/nats/jetstream/storageHealth.ts';

const tasks = 'genwarden_tasks';
const objects = 'OBJ_genwarden_artifacts';
const answer = (code: number, description: string): JetStreamApiError =>
  new JetStreamApiError({ code: 503, err_code: code, description });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([
  [tasks, answer(10_023, 'insufficient resources'), 'server', 'statuses'],
  [tasks, answer(10_047, 'insufficient storage resources available'), 'server', 'statuses'],
  [tasks, answer(10_002, 'resource limits exceeded for account'), 'account', 'statuses'],
  [tasks, answer(10_077, 'maximum bytes exceeded'), 'stream', 'statuses'],
  [objects, answer(10_077, 'maximum bytes exceeded'), 'artifacts', 'artifacts'],
  [tasks, answer(10_051, 'write 1.blk: no space left on device'), 'disk', 'statuses'],
])('a write to %s that is answered "%s" shows what is full', (stream, error, place, refuses) => {
  const marks = storageOf({});
  marks.failed(stream, error);
  expect(marks.full()).toMatchObject({ place, refuses, words: error.message });
  marks.stored(stream);
  expect(marks.full()).toBeUndefined();
});

test('other errors say nothing about the storage', () => {
  const marks = storageOf({});
  marks.failed(tasks, answer(10_071, 'wrong last sequence: 5'));
  marks.failed(tasks, new Error('timeout'));
  expect(marks.full()).toBeUndefined();
});

test('listeners hear of changes, not of every failed write', () => {
  const marks = storageOf({});
  const heard: (string | undefined)[] = [];
  marks.onChange(() => heard.push(marks.full()?.place));
  for (let write = 0; write < 5; write += 1) marks.refused('disk', 'statuses', 'no space left');
  marks.stored(tasks);
  marks.stored(tasks);
  expect(heard).toEqual(['disk', undefined]);
});

test('a status that is stored does not end what only artifacts and submits are refused for', () => {
  const marks = storageOf({});
  marks.refused('account', 'artifacts', '91 %');
  marks.stored(tasks);
  expect(marks.full()).toMatchObject({ place: 'account' });
  marks.hasRoom('account', 'artifacts');
  expect(marks.full()).toBeUndefined();
});

test('a mark is forgotten when no write has failed for a while, but not the reserve of a watched disk', () => {
  const marks = storageOf({});
  marks.refused('disk', 'statuses', 'no space left');
  marks.keepReserve('0.0 MiB left');
  vi.advanceTimersByTime(17_000);
  expect(marks.full()).toMatchObject({ place: 'disk', refuses: 'artifacts', words: '0.0 MiB left' });
  marks.keepReserve(undefined);
  expect(marks.full()).toBeUndefined();
});

test('the connection for artifacts shares what is known', () => {
  const [link, other] = [{}, {}];
  shareStorage(link, other);
  storageOf(other).refused('artifacts', 'artifacts', 'maximum bytes exceeded');
  expect(storageOf(link).full()).toMatchObject({ place: 'artifacts' });
});
