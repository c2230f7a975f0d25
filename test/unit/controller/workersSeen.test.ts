// What heartbeats say of workers: silence, missed tasks, and most of them falling silent at once.

import { beforeEach, describe, expect, test } from 'vitest';
import { WorkersSeen } from '../../../src/controller/workersSeen.ts';
import { beatOf } from '../../fakes/fakeHeartbeats.ts';

let now: number;
let workers: WorkersSeen;
beforeEach(() => {
  now = 1_000;
  workers = new WorkersSeen(() => now);
});

const timeout = 6_000;
const job = 'job';
const listing = (...tasks: number[]) => tasks.map((task) => ({ job, task, claim: 1, progress: 0 }));

test("silence is timed from the last beat by this process's own clock", () => {
  workers.beat(beatOf('w', 7));
  now += 2_500;
  expect(workers.sight('w')).toMatchObject({ silentFor: 2_500, beat: 7, connectionLost: false });
  expect(workers.sight('stranger')).toBeUndefined();
});

test('a beat revives a worker whose connection was lost', () => {
  workers.beat(beatOf('w', 1));
  workers.connectionLost('w');
  expect(workers.sight('w')?.connectionLost).toBe(true);
  workers.beat(beatOf('w', 2));
  expect(workers.sight('w')?.connectionLost).toBe(false);
});

describe('beats without a task', () => {
  test('are counted since the last one that listed it', () => {
    workers.beat(beatOf('w', 1, listing(1, 2)));
    for (const number of [2, 3, 4]) workers.beat(beatOf('w', number, listing(2)));
    expect(workers.sight('w')?.beatsWithout(job, 1)).toBe(3);
    expect(workers.sight('w')?.beatsWithout(job, 2)).toBe(0);
    expect(workers.sight('w')?.beatsWithout(job, 3)).toBe(4);
  });

  test('are only those that were heard one after the other', () => {
    workers.beat(beatOf('w', 1));
    workers.beat(beatOf('w', 2));
    workers.beat(beatOf('w', 9));
    expect(workers.sight('w')?.beatsWithout(job, 1)).toBe(1);
    workers.beat(beatOf('w', 10));
    expect(workers.sight('w')?.beatsWithout(job, 1)).toBe(2);
  });

  test('go on being counted when the list is long forgotten', () => {
    workers.beat(beatOf('w', 1, listing(1)));
    for (let number = 2; number < 40; number += 1) workers.beat(beatOf('w', number));
    expect(workers.sight('w')?.beatsWithout(job, 1)).toBeGreaterThanOrEqual(38);
  });
});

describe('most fell silent', () => {
  const beatAll = (names: string[]) => names.forEach((name) => workers.beat(beatOf(name, now)));
  const five = ['a', 'b', 'c', 'd', 'e'];

  test('when more than half of at least three did, each silence counting once', () => {
    beatAll(five);
    now += 4_000;
    beatAll(['a', 'b']);
    now += 2_000;
    expect(workers.mostFellSilent(timeout)).toBe(true);
    expect(workers.mostFellSilent(timeout)).toBe(false);
    beatAll(five);
    now += 6_000;
    expect(workers.mostFellSilent(timeout)).toBe(true);
  });

  test('not when half of them did', () => {
    beatAll(five.slice(0, 4));
    now += 4_000;
    beatAll(['a', 'b']);
    now += 2_000;
    expect(workers.mostFellSilent(timeout)).toBe(false);
  });

  test('not with two workers', () => {
    beatAll(['a', 'b']);
    now += 6_000;
    expect(workers.mostFellSilent(timeout)).toBe(false);
  });

  test('those that left for a known reason, or long ago, do not count', () => {
    beatAll(['long', 'ago']);
    now += 20_000;
    beatAll(five);
    workers.beat(beatOf('d', now + 1, [], { draining: true }));
    workers.connectionLost('e');
    now += 4_000;
    beatAll(['a', 'b']);
    now += 2_000;
    // Of a, b and c only c fell silent.
    expect(workers.mostFellSilent(timeout)).toBe(false);
  });
});

test('workers are counted by pool while they are heard', () => {
  workers.beat(beatOf('a', 1));
  workers.beat(beatOf('b', 1, [], { pool: 'other' }));
  expect([...workers.heardByPool(timeout)]).toEqual([
    ['default', 1],
    ['other', 1],
  ]);
  now += timeout;
  workers.beat(beatOf('a', 2));
  expect([...workers.heardByPool(timeout)]).toEqual([
    ['default', 1],
    ['other', 0],
  ]);
});

test('a silent worker is forgotten unless something is known to run on it', () => {
  workers.beat(beatOf('idle', 1));
  workers.beat(beatOf('busy', 1));
  now += 60_000;
  workers.forgetSilent(60_000, (name) => name === 'busy');
  expect(workers.sight('idle')).toBeUndefined();
  expect(workers.sight('busy')).toBeDefined();
});
