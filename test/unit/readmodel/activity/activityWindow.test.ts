// The last hour: known values by minute, percentiles, gaps, restarts, many tenants, clocks that disagree.

import { pino } from 'pino';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { TaskState } from '../../../../src/job/task.ts';
import { monotonicFrom } from '../../../../src/job/time.ts';
import { cancelled, claimed, failed, succeeded, toReview, approved } from '../../../../src/job/transitions.ts';
import { ActivityWindow, followActivity } from '../../../../src/readmodel/activity/activityWindow.ts';
import { startFollower } from '../../../../src/readmodel/follower.ts';
import { JobIndex } from '../../../../src/readmodel/jobIndex.ts';
import { virtualClock } from '../../../fakes/clock.ts';
import { fakeJobLog } from '../../../fakes/jobLog.ts';
import { aJob, anEntry, identity, freshJobId, queuedTask, start } from '../../../fakes/tasks.ts';
import { until } from '../../../support/until.ts';

const minute = 60_000;
let index: JobIndex;
let window: ActivityWindow;
let sequence: number;
beforeEach(() => {
  index = new JobIndex();
  window = new ActivityWindow(index.tenants);
  sequence = 0;
});

/** The message arrives at once, unless `now` is later. */
function put(state: TaskState, now = state.since): void {
  sequence += 1;
  const change = index.apply(anEntry(sequence, state), monotonicFrom(0))!;
  window.observe({ ...change, at: state.since }, now);
}

/** A task that is submitted, starts a second later and succeeds `took` ms after the submit. */
function run(at: number, took: number, over: object = {}): void {
  const queued = { ...queuedTask({ submittedAt: at, ...over }), since: at, queuedAt: at };
  put(queued);
  const running = claimed(queued, 'w', 1, at + 1_000);
  put(running);
  put(succeeded(running, at + took));
}
/** Within a bin, whose bounds are 19 % apart. */
const near = (latency: number): unknown =>
  expect.toSatisfy((value: number) => value / latency > 0.84 && value / latency < 1.19);
const read = (now: number, tenant?: string) => window.read(tenant, now);

describe('known values', () => {
  test('outcomes, latency and open tasks by minute', () => {
    run(start, 8_000);
    run(start + 10_000, 20_000);
    const queued = queuedTask({ submittedAt: start });
    put({ ...queued, since: start + minute, queuedAt: start + minute });
    put(failed(claimed(queued, 'w', 1, start + minute + 500), 'PromptRefused', start + 3 * minute));
    put({ ...queuedTask(), since: start + 4 * minute, queuedAt: start + 4 * minute });
    const { hour, minutes, since } = read(start + 5 * minute);
    expect(minutes).toHaveLength(60);
    expect(minutes.map((one) => one.minute)).toEqual(minutes.map((_, at) => start / minute - 54 + at));
    expect(minutes[54]).toMatchObject({ succeeded: 2, failed: 0, p50: near(8_000), p95: near(20_000) });
    expect(minutes[57]).toMatchObject({ succeeded: 0, failed: 1 });
    expect(minutes.slice(54).map(({ open }) => open.queued)).toEqual([0, 1, 1, 0, 1, 1]);
    expect(hour).toMatchObject({ succeeded: 2, failed: 1, cancelled: 0, p95: near(3 * minute) });
    expect(since).toBe(start - 54 * minute);
  });

  test('an hour without messages keeps what is open, and an hour later its outcomes are gone', () => {
    run(start, 8_000);
    put(queuedTask());
    expect(read(start + 59 * minute).hour.succeeded).toBe(1);
    const later = read(start + 60 * minute);
    expect(later.hour).toEqual({ succeeded: 0, failed: 0, cancelled: 0, p50: null, p95: null });
    expect(later.minutes.every(({ open }) => open.queued === 1)).toBe(true);
    expect(read(start + 900 * minute).minutes.every(({ open }) => open.queued === 1)).toBe(true);
  });

  test('a minute that comes back after 60 others has nothing of the old one', () => {
    for (const at of [0, 60, 121]) run(start + at * minute, 5_000);
    const { minutes, hour } = read(start + 121 * minute);
    expect(minutes.map(({ succeeded: count }) => count).filter((count) => count > 0)).toEqual([1]);
    expect(hour).toMatchObject({ succeeded: 1, p50: 5_000, p95: 5_000 });
  });

  test('cancelled tasks have no latency, and a review counts once, without the time of the reviewer', () => {
    put(queuedTask());
    put(cancelled(queuedTask(), start + 30_000));
    const running = claimed(queuedTask({ policy: { review: 'always' } }), 'w', 1, start);
    put(running);
    const review = toReview(running, start + 9_000);
    put(review);
    put(approved(review, start + 10 * minute));
    expect(read(start + 10 * minute).hour).toEqual({ succeeded: 1, failed: 0, cancelled: 1, p50: 9_000, p95: 9_000 });
  });

  test('a percentile is off by less than the width of a bin', () => {
    for (let at = 1; at <= 1_000; at += 1) run(start, 1_000 + at * 10);
    expect(read(start + minute).hour).toMatchObject({ p50: near(6_000), p95: near(10_500) });
  });

  test('latencies beyond the bins are exact if they are the only ones', () => {
    run(start, 1_001);
    put(succeeded(claimed(queuedTask(), 'w', 1, start), start + 1));
    expect(read(start).hour.p50).toBeLessThanOrEqual(1_001);
    index = new JobIndex();
    window = new ActivityWindow(index.tenants);
    run(start, 9 * 86_400_000 - 1, { expiresAt: start + 10 * 86_400_000 });
    expect(read(start + 9 * 86_400_000).hour.p95).toBe(9 * 86_400_000 - 1);
  });
});

test('each tenant has its own figures, and all together the sum', () => {
  run(start, 5_000, { tenant: 'a' });
  run(start, 9_000, { tenant: 'b' });
  put(queuedTask({ tenant: 'b' }));
  expect(read(start + minute, 'a')).toMatchObject({ hour: { succeeded: 1, p95: 5_000 } });
  expect(read(start + minute, 'b')).toMatchObject({ hour: { succeeded: 1, p95: 9_000 } });
  expect(read(start + minute, 'b').minutes.at(-1)!.open.queued).toBe(1);
  expect(read(start + minute, 'stranger').hour.succeeded).toBe(0);
  expect(read(start + minute)).toMatchObject({ hour: { succeeded: 2 } });
});

describe('more tenants than are kept', () => {
  beforeEach(() => void (window = new ActivityWindow(index.tenants, { maxTenants: 2 })));

  test('the others say that nothing is known of them, and count in the total', () => {
    for (const tenant of ['a', 'b', 'c']) run(start, 5_000, { tenant });
    expect(read(start + minute, 'a').since).not.toBeNull();
    expect(read(start + minute, 'c')).toMatchObject({ since: null, hour: { succeeded: 0 } });
    expect(read(start + minute).hour.succeeded).toBe(3);
  });

  test('a tenant without a message for an hour makes room, and the next one says since when it is known', () => {
    run(start, 5_000, { tenant: 'idle' });
    put(queuedTask({ tenant: 'idle' }));
    run(start + 30 * minute, 5_000, { tenant: 'busy' });
    run(start + 31 * minute, 5_000, { tenant: 'late' });
    expect(read(start + 32 * minute, 'late').since).toBeNull();
    run(start + 61 * minute, 5_000, { tenant: 'late' });
    expect(read(start + 61 * minute, 'late')).toMatchObject({ since: start + 61 * minute, hour: { succeeded: 1 } });
    // Nothing has changed for it: its open task is still there.
    expect(read(start + 200 * minute, 'idle').minutes.every(({ open }) => open.queued === 1)).toBe(true);
    expect(read(start + 200 * minute, 'late').since).toBe(start + 141 * minute);
  });
});

describe('clocks', () => {
  test('a message from a server whose clock is ahead counts now, and the hour before it stays', () => {
    run(start, 5_000);
    const late = queuedTask({ submittedAt: start + 90 * minute });
    put({ ...late, since: start + 90 * minute }, start + minute);
    const { hour, minutes } = read(start + minute);
    expect(hour.succeeded).toBe(1);
    expect(minutes.at(-1)!.open.queued).toBe(1);
  });

  test('messages of before the window set only what is open', () => {
    run(start - 3 * 3_600_000, 5_000);
    put(queuedTask({ submittedAt: start }), start);
    const { hour, minutes } = read(start + 10 * minute);
    expect(hour.succeeded).toBe(0);
    expect(minutes.at(-1)!.open.queued).toBe(1);
  });

  test('a task whose job expired before this process saw its end is no longer open', () => {
    put(queuedTask({ expiresAt: start + minute }));
    index.forgetExpired(start + 2 * minute);
    expect(read(start + 3 * minute).minutes.at(-1)!.open.queued).toBe(0);
    expect(index.tenants.of('default').queued).toBe(0);
  });
});

describe('following', () => {
  const logger = pino({ level: 'silent' });

  test('a process that starts later has the same figures', async () => {
    const clock = virtualClock();
    const log = fakeJobLog({ clock });
    const first = startFollower({ log, clock, logger });
    onTestFinished(() => first.close());
    const before = followActivity(first, clock.now);
    for (let at = 0; at < 5; at += 1) {
      const [spec] = aJob(1, { submittedAt: clock.now() });
      await log.submit([spec!]);
      const queued = (await log.read(spec!.state.of.job))!.tasks[0]!.last.state;
      if (queued.state !== 'queued') throw new Error('not queued');
      clock.skip(20_000);
      const running = claimed(queued, 'w', 1, clock.now());
      log.append(running, { message: 'Claimed' });
      clock.skip(10_000);
      if (at < 4) log.append(succeeded(running, clock.now()), { message: 'Done' });
    }
    await until(() => first.position().sequence === log.stream.lastSequence, { what: 'the first follower' });
    const second = startFollower({ log, clock, logger });
    onTestFinished(() => second.close());
    const after = followActivity(second, clock.now);
    await until(() => second.position().sequence === log.stream.lastSequence, { what: 'the second follower' });
    expect(after.read('default', clock.now())).toEqual(before.read('default', clock.now()));
    expect(after.read(undefined, clock.now())).toMatchObject({ hour: { succeeded: 4, p50: 30_000 } });
    expect(after.read('default', clock.now()).minutes.at(-1)!.open).toEqual({ queued: 0, running: 1, waiting: 0 });
  });

  test('a start in the middle of the stream says since when it is complete, and stragglers do not count for that', async () => {
    const clock = virtualClock();
    const log = fakeJobLog({ clock, window: 2 });
    const [old] = aJob(1);
    await log.submit([old!]);
    clock.skip(20 * minute);
    for (let at = 0; at < 6; at += 1) {
      await log.submit(aJob(1));
      clock.skip(minute);
    }
    const { pool, job } = old!.state.of;
    const { epoch, lastSequence } = log.stream;
    await log.saveWatermark({ epoch, sequence: lastSequence, stragglers: [{ pool, job, task: 0 }] });
    const follower = startFollower({ log, clock, logger });
    onTestFinished(() => follower.close());
    const activity = followActivity(follower, clock.now);
    await until(() => follower.ready().ready, { what: 'the follower' });
    const { since, minutes } = activity.read('default', clock.now());
    expect(since).toBe(start + 23 * minute);
    expect(minutes.at(-1)!.open.queued).toBe(follower.index.size.openTasks);
  });

  test('a replaced stream clears everything', async () => {
    const clock = virtualClock();
    const log = fakeJobLog({ clock });
    const follower = startFollower({ log, clock, logger });
    onTestFinished(() => follower.close());
    const activity = followActivity(follower, clock.now);
    const running = claimed(queuedTask(), 'w', 1, clock.now());
    log.append(running, { message: 'Claimed' });
    log.append(succeeded(running, clock.now()), { message: 'Done' });
    log.append(claimed(queuedTask(), 'w', 1, clock.now()), { message: 'Claimed' });
    await until(() => activity.read(undefined, clock.now()).hour.succeeded === 1, { what: 'the task' });
    log.stream.replace();
    await until(() => activity.read(undefined, clock.now()).hour.succeeded === 0, { what: 'the reset' });
    expect(activity.read('default', clock.now()).minutes.at(-1)!.open.running).toBe(0);
    expect(follower.index.tenants.all.running).toBe(0);
  });
});

test('tasks of a job that is deleted and evicted leave the counts of their tenant', () => {
  index = new JobIndex({ maxFinished: 1 });
  window = new ActivityWindow(index.tenants);
  for (let at = 0; at < 5; at += 1) {
    const queued = queuedTask({ ...identity(), job: freshJobId(), tenant: 'a', policy: {} });
    put(queued);
    expect(index.tenants.of('a').queued).toBe(1);
    put(cancelled(queued, start + 1_000));
  }
  expect(index.tenants.of('a')).toEqual({ queued: 0, running: 0, waiting: 0, needs_review: 0 });
  expect(read(start + minute, 'a').hour.cancelled).toBe(5);
});
