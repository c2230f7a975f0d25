// Which workers scale-in removes: idle ones, after marking them, and busy ones only above a limit in the spec.
import { longAgo, monotonicFrom } from '../../../../src/job/time.ts';
import { expect, test } from 'vitest';
import { scaleIn, type WorkerPod, type ScaleInInput } from '../../../../src/operator/workerPool/decide/scaleIn.ts';

const pod = (name: string, tasks: number | undefined, over: Partial<WorkerPod> = {}): WorkerPod => {
  return { name, tasks, ready: true, cost: 0, ...over };
};

const step = (pods: WorkerPod[], replicas: number, over: Partial<ScaleInInput> = {}) => {
  const desired = { replicas, atMost: 10 };
  return scaleIn({
    desired,
    pods,
    current: pods.length,
    rolling: false,
    markedAt: longAgo,
    now: monotonicFrom(100_000),
    ...over,
  });
};

test('scale-up, or no change, takes effect at once', () => {
  expect(step([pod('a', 1)], 4)).toEqual({ replicas: 4, marks: [] });
  expect(step([pod('a', 1), pod('b', 0, { cost: -100 })], 2)).toEqual({
    replicas: 2,
    marks: [{ pod: 'b', cost: null }],
  });
});

test('idle workers are marked, and the number is lowered after the marks have settled', () => {
  const pods = [pod('a', 2), pod('b', 0), pod('c', 0), pod('d', 1)];
  const marks = [
    { pod: 'b', cost: '-100' },
    { pod: 'c', cost: '-100' },
  ];
  expect(step(pods, 1)).toEqual({ replicas: 4, marks, waitsFor: 'settling' });
  const marked = pods.map((one) => (one.tasks === 0 ? { ...one, cost: -100 } : one));
  expect(step(marked, 1, { markedAt: monotonicFrom(99_500) })).toEqual({
    replicas: 4,
    marks: [],
    waitsFor: 'settling',
  });
  expect(step(marked, 1, { markedAt: monotonicFrom(99_000) })).toEqual({ replicas: 2, marks: [], waitsFor: 'busy' });
  expect(step(marked, 2, { markedAt: monotonicFrom(99_000) })).toEqual({ replicas: 2, marks: [] });
});

test('a marked worker that received a task is unmarked', () => {
  const pods = [pod('a', 1, { cost: -100 }), pod('b', 0, { cost: -100 }), pod('c', 1)];
  expect(step(pods, 1)).toEqual({ replicas: 3, marks: [{ pod: 'a', cost: null }], waitsFor: 'settling' });
});

test('busy workers stay, and so do workers in an unknown state', () => {
  expect(step([pod('a', 1), pod('b', undefined)], 0)).toEqual({ replicas: 2, marks: [], waitsFor: 'busy' });
});

test('no worker is removed while a busy one is not ready, because the ReplicaSet would delete that one first', () => {
  expect(step([pod('a', 1, { ready: false }), pod('b', 0)], 1)).toEqual({ replicas: 2, marks: [], waitsFor: 'busy' });
  expect(step([pod('a', 0, { ready: false }), pod('b', 1)], 1).marks).toEqual([{ pod: 'a', cost: '-100' }]);
});

test('no scale-in during a rollout, because the deletion order is unpredictable', () => {
  expect(step([pod('a', 0), pod('b', 0)], 0, { rolling: true })).toEqual({
    replicas: 2,
    marks: [],
    waitsFor: 'rolling',
  });
});

test('above a limit in the spec the least busy workers are removed as well, idle ones first', () => {
  const pods = [pod('a', 3), pod('b', 0), pod('c', 1), pod('d', 2)];
  const desired = { replicas: 1, atMost: 2 };
  const marks = [
    { pod: 'b', cost: '-100' },
    { pod: 'c', cost: '-100' },
  ];
  expect(step(pods, 1, { desired }).marks).toEqual(marks);
  const marked = pods.map((one) => (['b', 'c'].includes(one.name) ? { ...one, cost: -100 } : one));
  expect(step(marked, 1, { desired })).toEqual({ replicas: 2, marks: [], waitsFor: 'busy' });
});

test('marks stay until the marked pods are gone', () => {
  const pods = [pod('a', 1), pod('b', 0, { cost: -100 })];
  expect(step(pods, 1, { current: 1 })).toEqual({ replicas: 1, marks: [] });
});

test('scale-in never raises the number', () => {
  const pods = [pod('a', 1), pod('b', 1), pod('c', 0, { cost: -100 })];
  expect(step(pods, 1, { current: 2 }).replicas).toBe(2);
});
