// The worker directory: silence, unlisted tasks, progress, and most workers falling silent together.

import { monotonicFrom } from '../../../src/job/time.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Running } from '../../../src/job/task.ts';
import type { Beat } from '../../../src/ports/heartbeats.ts';
import { WorkerDirectory } from '../../../src/readmodel/workerDirectory.ts';
import { beatOf } from '../../fakes/heartbeats.ts';
import { queuedTask } from '../../fakes/tasks.ts';

let now: number;
let workers: WorkerDirectory;
beforeEach(() => {
  now = 1_000;
  workers = new WorkerDirectory(clock);
});

const clock = { now: () => now, monotonic: () => monotonicFrom(now) };
const hear = (beat: Beat): void => workers.observe({ event: 'beat', beat });
const lose = (worker: string): void => workers.observe({ event: 'connectionLost', worker, reason: 'Client Closed' });

const timeout = 6_000;
const job = 'job';
const listing = (...tasks: number[]) => tasks.map((task) => ({ job, task, claim: 1, progress: 0 }));

test("silence is measured from the last heartbeat by this process's own clock", () => {
  hear(beatOf('w', 7));
  now += 2_500;
  expect(workers.observed('w')).toMatchObject({ silentFor: 2_500, beat: 7, connectionLost: false });
  expect(workers.observed('stranger')).toBeUndefined();
});

test('a heartbeat revives a worker with a lost connection', () => {
  hear(beatOf('w', 1));
  lose('w');
  expect(workers.observed('w')?.connectionLost).toBe(true);
  hear(beatOf('w', 2));
  expect(workers.observed('w')?.connectionLost).toBe(false);
});

test('the holder of a queued task is the worker that lists it as waiting for memory', () => {
  const task = queuedTask({ job, task: 1 });
  const waiting = { job, task: 1, claim: 0, progress: 0, phase: { phase: 'memory', alone: true } } as const;
  hear(beatOf('w', 1, [waiting], { attemptMemory: { used: 5, limit: 9 } }));
  expect(workers.holder(task)).toEqual({ worker: 'w', alone: true, memory: { used: 5, limit: 9 } });
  expect(workers.holder(queuedTask({ job, task: 2 }))).toBeUndefined();
  hear(beatOf('w', 2, listing(1)));
  expect(workers.holder(task)).toBeUndefined();
  hear(beatOf('w', 3, [waiting]));
  lose('w');
  expect(workers.holder(task)).toBeUndefined();
});

describe('heartbeats without a task', () => {
  test('are counted since the last one that listed it', () => {
    hear(beatOf('w', 1, listing(1, 2)));
    for (const number of [2, 3, 4]) hear(beatOf('w', number, listing(2)));
    expect(workers.observed('w')?.beatsWithout(job, 1)).toBe(3);
    expect(workers.observed('w')?.beatsWithout(job, 2)).toBe(0);
    expect(workers.observed('w')?.beatsWithout(job, 3)).toBe(4);
  });

  test('count only in a series without a gap', () => {
    hear(beatOf('w', 1));
    hear(beatOf('w', 2));
    hear(beatOf('w', 9));
    expect(workers.observed('w')?.beatsWithout(job, 1)).toBe(1);
    hear(beatOf('w', 10));
    expect(workers.observed('w')?.beatsWithout(job, 1)).toBe(2);
  });

  test('are still counted when the last list is no longer kept', () => {
    hear(beatOf('w', 1, listing(1)));
    for (let number = 2; number < 40; number += 1) hear(beatOf('w', number));
    expect(workers.observed('w')?.beatsWithout(job, 1)).toBeGreaterThanOrEqual(38);
  });
});

describe('most fell silent', () => {
  const beatAll = (names: string[]) => names.forEach((name) => hear(beatOf(name, now)));
  const five = ['a', 'b', 'c', 'd', 'e'];

  test('is true if more than half of at least three did, and each silence counts once', () => {
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

  test('is false if half of them did', () => {
    beatAll(five.slice(0, 4));
    now += 4_000;
    beatAll(['a', 'b']);
    now += 2_000;
    expect(workers.mostFellSilent(timeout)).toBe(false);
  });

  test('is false for two workers', () => {
    beatAll(['a', 'b']);
    now += 6_000;
    expect(workers.mostFellSilent(timeout)).toBe(false);
  });

  test('ignores workers that left for a known reason, or long ago', () => {
    beatAll(['long', 'ago']);
    now += 20_000;
    beatAll(five);
    hear(beatOf('d', now + 1, [], { draining: true }));
    lose('e');
    now += 4_000;
    beatAll(['a', 'b']);
    now += 2_000;
    // Of a, b and c only c fell silent.
    expect(workers.mostFellSilent(timeout)).toBe(false);
  });
});

test('workers with recent heartbeats are counted by pool', () => {
  hear(beatOf('a', 1));
  hear(beatOf('b', 1, [], { pool: 'other' }));
  expect([...workers.heardByPool(timeout)]).toEqual([
    ['default', 1],
    ['other', 1],
  ]);
  now += timeout;
  hear(beatOf('a', 2));
  expect([...workers.heardByPool(timeout)]).toEqual([
    ['default', 1],
    ['other', 0],
  ]);
});

test('a silent worker is forgotten unless it runs a task', () => {
  hear(beatOf('idle', 1));
  hear(beatOf('busy', 1));
  now += 60_001;
  workers.forgetSilent(60_000, (name) => name === 'busy');
  expect(workers.observed('idle')).toBeUndefined();
  expect(workers.observed('busy')).toBeDefined();
});

describe('for users who inspect workers', () => {
  const running = { worker: 'w', of: { job, task: 1 } } as Running;
  const progressing = (progress: number, claim = 5) => [{ job, task: 1, claim, progress }];
  const names = () => workers.list().map(({ beat }) => beat.worker);

  test('a worker is listed until it has been silent for too long or its connection is lost', () => {
    workers = new WorkerDirectory(clock, { forgetAfterMs: 18_000 });
    for (const name of ['b', 'c', 'a']) hear(beatOf(name, 1));
    lose('c');
    expect(names()).toEqual(['a', 'b']);
    now += 17_000;
    hear(beatOf('b', 2));
    now += 2_000;
    expect(names()).toEqual(['b']);
  });

  test('a worker that stopped or is lost is still seen, but not listed, and runs and holds nothing', () => {
    workers = new WorkerDirectory(clock, { timeoutMs: timeout, forgetAfterMs: timeout + 60_000 });
    const holding = { job, task: 2, claim: 0, progress: 0, phase: { phase: 'memory', alone: false } } as const;
    for (const name of ['ends', 'w', 'drains', 'older']) hear(beatOf(name, 1, [holding]));
    hear(beatOf('ends', 2, [], { draining: true, stopped: true }));
    hear(beatOf('drains', 2, listing(1), { draining: true }));
    hear(beatOf('older', 2, [], { draining: true }));
    const states = () => Object.fromEntries(workers.seen().map(({ beat, state }) => [beat.worker, state]));
    expect(states()).toEqual({ ends: 'stopped', w: 'live', drains: 'draining', older: 'draining' });
    expect(names()).toEqual(['drains', 'older', 'w']);
    now += timeout;
    expect(states()).toEqual({ ends: 'stopped', w: 'lost', drains: 'lost', older: 'stopped' });
    expect(names()).toEqual([]);
    expect(workers.holder(queuedTask({ job, task: 2 }))).toBeUndefined();
    expect(workers.runner({ ...running, worker: 'ends' }, 1)).toBeUndefined();
    expect(workers.runner(running, 1)?.silentFor).toBe(timeout);
    hear(beatOf('w', 2));
    expect(states()).toMatchObject({ w: 'live' });
    now += 60_001;
    expect(states()).toEqual({ w: 'lost' });
  });

  test('of workers that are gone it shows the last hundred', () => {
    workers = new WorkerDirectory(clock, { timeoutMs: timeout, forgetAfterMs: timeout + 60_000 });
    for (let at = 0; at < 150; at += 1) {
      now += 1;
      hear(beatOf(`w${at}`, 1, [], { draining: true, stopped: true }));
    }
    hear(beatOf('live', 1));
    const seen = workers.seen().map(({ beat }) => beat.worker);
    expect(seen).toHaveLength(101);
    expect(seen).toContain('live');
    expect(seen).toContain('w50');
    expect(seen).not.toContain('w49');
  });

  test('silence does not count while this process is disconnected', () => {
    workers = new WorkerDirectory(clock, { forgetAfterMs: 18_000 });
    hear(beatOf('w', 1, progressing(0)));
    workers.observe({ event: 'observerDisconnected' });
    now += 60_000;
    expect(names()).toEqual(['w']);
    workers.observe({ event: 'observerReconnected' });
    now += 1_000;
    expect(names()).toEqual(['w']);
    expect(workers.runner(running, 5)?.silentFor).toBe(1_000);
    // The rules receive the whole silence: for them, the outage detector decides whether it counts.
    expect(workers.observed('w')?.silentFor).toBe(61_000);
  });

  test('the runner of a task lists it only for the same claim, and not once its connection is lost', () => {
    hear(beatOf('w', 1, progressing(0.5), { draining: true }));
    const noCall = { phase: null, waited: null, usual: null };
    const known = { silentFor: 0, draining: true, listsTask: true, progress: 0.5 };
    expect(workers.runner(running, 5)).toEqual({ ...known, ...noCall });
    const call = { phase: { phase: 'provider' } as const, waited: 1_200, usual: { p50: 8_000, p95: 14_000 } };
    hear(beatOf('w', 2, [{ ...progressing(0.5)[0]!, ...call }], { draining: true }));
    expect(workers.runner(running, 5)).toEqual({ ...known, ...call });
    expect(workers.runner(running, 6)).toMatchObject({ listsTask: false, progress: 0 });
    lose('w');
    expect(workers.runner(running, 5)).toBeUndefined();
    expect(workers.progress(running, 5)).toBe(0);
  });

  test('progress is reported when it changes, and again after a lost connection', () => {
    const reports: number[] = [];
    const stop = workers.onProgress(({ progress }) => void reports.push(progress));
    hear(beatOf('w', 1, progressing(0)));
    hear(beatOf('w', 2, progressing(0.4)));
    hear(beatOf('w', 3, progressing(0.4)));
    lose('w');
    hear(beatOf('w', 4, progressing(0.4)));
    stop();
    hear(beatOf('w', 5, progressing(0.9)));
    expect(reports).toEqual([0.4, 0.4]);
  });
});
