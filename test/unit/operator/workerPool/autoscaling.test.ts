// How many workers a queue needs: the formula, its limits, and its behaviour with random queues.
import { monotonicFrom } from '../../../../src/job/time.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { desiredReplicas, type ReplicasInput } from '../../../../src/operator/workerPool/decide/desiredReplicas.ts';
import { slotsFedBy, slotsFor, recommend, type Demand } from '../../../../src/operator/workerPool/decide/demand.ts';
import { simulate } from './simulate.ts';

const demand = (over: Partial<Demand> = {}): Demand => ({
  queued: 0,
  running: 0,
  meanAttemptMs: 10_000,
  targetQueueMs: 30_000,
  concurrency: 4,
  keySlots: Infinity,
  paused: false,
  ...over,
});

test('slots are N·D/(D+T): all tasks have started by the target time', () => {
  expect(slotsFor(demand({ queued: 200 }))).toBe(50);
  expect(slotsFor(demand({ queued: 160, running: 40 }))).toBe(50);
  // A target far above the attempt duration needs few slots, one far below needs a slot for each task.
  expect(slotsFor(demand({ queued: 200, targetQueueMs: 1_990_000 }))).toBe(1);
  expect(slotsFor(demand({ queued: 200, targetQueueMs: 1 }))).toBe(200);
});

test('the queue of N tasks starts within the target with that many slots, and not with fewer', () => {
  const lastStart = (slots: number, tasks: number, d: number): number => (Math.ceil(tasks / slots) - 1) * d;
  const sizes = fc.record({
    queued: fc.integer({ min: 1, max: 500 }),
    meanAttemptMs: fc.integer({ min: 1, max: 120_000 }),
  });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 100 }), ({ queued, meanAttemptMs }, rounds) => {
      const targetQueueMs = meanAttemptMs * rounds;
      const slots = slotsFor(demand({ queued, meanAttemptMs, targetQueueMs }));
      expect(lastStart(slots, queued, meanAttemptMs)).toBeLessThanOrEqual(targetQueueMs);
      if (slots > 1) expect(lastStart(slots - 1, queued, meanAttemptMs)).toBeGreaterThan(targetQueueMs - meanAttemptMs);
    }),
  );
});

test('one worker for a single task, none without tasks, and never fewer slots than running tasks', () => {
  expect(recommend(demand({ queued: 1, targetQueueMs: 86_400_000 })).replicas).toBe(1);
  expect(recommend(demand()).replicas).toBe(0);
  expect(recommend(demand({ running: 9 })).replicas).toBe(3);
  expect(recommend(demand({ running: 9, queued: 100, keySlots: 1 }))).toEqual({ replicas: 3, limitedByKeys: true });
});

test('a paused pool needs only the slots of its running tasks', () => {
  expect(recommend(demand({ queued: 500, running: 5, paused: true })).replicas).toBe(2);
  expect(recommend(demand({ queued: 500, paused: true })).replicas).toBe(0);
});

test('keys limit the slots by their rate and their calls in flight', () => {
  const key = { requestsPerMinute: 60, maxInFlight: 1_000 };
  expect(slotsFedBy([key, key], 10_000)).toBe(20);
  expect(slotsFedBy([{ ...key, maxInFlight: 3 }], 10_000)).toBe(3);
  expect(slotsFedBy([], 10_000)).toBe(Infinity);
  expect(recommend(demand({ queued: 1_000, keySlots: 20 }))).toEqual({ replicas: 5, limitedByKeys: true });
  expect(recommend(demand({ queued: 1_000, keySlots: 0.1 })).replicas).toBe(1);
});

const input = (over: Partial<ReplicasInput> = {}): ReplicasInput => ({
  replicas: 7,
  autoscaling: { minReplicas: 0, maxReplicas: 10 },
  demand: demand(),
  current: 0,
  recommendations: [],
  now: monotonicFrom(0),
  ...over,
});

const reasonOf = (over: Partial<ReplicasInput>): string => {
  const { replicas, scaling } = desiredReplicas(input(over));
  return `${replicas} ${scaling.status} ${scaling.reason}`;
};

test('explains the desired number', () => {
  const busy = demand({ queued: 200 });
  expect(reasonOf({ autoscaling: undefined })).toBe('7 True Fixed');
  expect(reasonOf({ demand: undefined, current: 3 })).toBe('3 False QueueUnknown');
  expect(reasonOf({ demand: busy })).toBe('10 False LimitedByMaximum');
  expect(reasonOf({ demand: demand({ queued: 200, keySlots: 8 }) })).toBe('2 False LimitedByKeys');
  expect(reasonOf({ demand: demand({ queued: 200, paused: true }) })).toBe('0 False Paused');
  expect(reasonOf({ demand: demand({ queued: 40 }), current: 1 })).toBe('3 True ScalingUp');
  expect(reasonOf({ demand: demand({ queued: 40 }), current: 3 })).toBe('3 True DesiredWithinRange');
  expect(reasonOf({})).toBe('0 True ScaledToZero');
  expect(reasonOf({ current: 12, demand: undefined })).toBe('10 False QueueUnknown');
});

test('scales down only to the largest recommendation of the last minute, and at once to a lower maximum', () => {
  const first = desiredReplicas(input({ demand: demand({ queued: 40 }), current: 0, now: monotonicFrom(0) }));
  expect(first.replicas).toBe(3);
  const soon = desiredReplicas(
    input({ current: 3, recommendations: first.recommendations, now: monotonicFrom(59_000) }),
  );
  expect(soon).toMatchObject({ replicas: 3, scaling: { reason: 'DesiredWithinRange' } });
  const later = desiredReplicas(
    input({ current: 3, recommendations: soon.recommendations, now: monotonicFrom(60_000) }),
  );
  expect(later).toMatchObject({ replicas: 0, scaling: { reason: 'ScalingDown' } });
  const autoscaling = { minReplicas: 0, maxReplicas: 2 };
  expect(
    desiredReplicas(
      input({ current: 3, recommendations: first.recommendations, now: monotonicFrom(1_000), autoscaling }),
    ),
  ).toMatchObject({
    replicas: 2,
    atMost: 2,
  });
});

test('after a restart the current number counts as recommended: no scale-down in the first minute', () => {
  const first = desiredReplicas(input({ current: 6 }));
  expect(first.replicas).toBe(6);
  const second = desiredReplicas(
    input({ current: 6, recommendations: first.recommendations, now: monotonicFrom(30_000) }),
  );
  expect(second.replicas).toBe(6);
  expect(
    desiredReplicas(input({ current: 6, recommendations: second.recommendations, now: monotonicFrom(60_000) }))
      .replicas,
  ).toBe(0);
});

test('random queues: within bounds, no interrupted attempt, back to zero, and no flapping', () => {
  const burst = fc.record({ at: fc.integer({ min: 0, max: 600 }), tasks: fc.integer({ min: 1, max: 200 }) });
  const scene = fc.record({
    bursts: fc.array(burst, { minLength: 1, maxLength: 8 }),
    attemptSeconds: fc.integer({ min: 1, max: 60 }),
    concurrency: fc.integer({ min: 1, max: 8 }),
    minReplicas: fc.integer({ min: 0, max: 2 }),
    maxReplicas: fc.integer({ min: 3, max: 20 }),
    startSeconds: fc.integer({ min: 0, max: 20 }),
  });
  fc.assert(
    fc.property(scene, (chosen) => {
      const { replicas, done, killed, tasks } = simulate(chosen);
      expect(killed).toBe(0);
      expect(done).toBe(tasks);
      expect(Math.max(...replicas)).toBeLessThanOrEqual(chosen.maxReplicas);
      expect(Math.min(...replicas.slice(1))).toBeGreaterThanOrEqual(chosen.minReplicas);
      expect(replicas.at(-1)).toBe(chosen.minReplicas);
      // Scales up only after tasks arrived: every change of direction follows a burst.
      expect(turnsIn(replicas)).toBeLessThanOrEqual(2 * chosen.bursts.length + 1);
    }),
    { numRuns: 60 },
  );
});

/** How often the number of workers changes direction. */
function turnsIn(replicas: readonly number[]): number {
  let direction = 0;
  let turns = 0;
  for (const [second, now] of replicas.entries()) {
    const step = second === 0 ? 0 : Math.sign(now - replicas[second - 1]!);
    if (step === 0 || step === direction) continue;
    direction = step;
    turns += 1;
  }
  return turns;
}
