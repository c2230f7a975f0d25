// The order of the workers, and how their calls compare with what is usual.

import { describe, expect, it } from 'vitest';
import { callTime } from '../../../src/console/pages/workers/callTime.ts';
import { nextOrder, orderFrom, sortWorkers, textOf, type Column } from '../../../src/console/pages/workers/sorting.ts';
import { isLive } from '../../../src/console/pages/workers/workerState.ts';
import { aWorker } from './operations.ts';

describe('order', () => {
  it('is in the address, and by name without a valid one', () => {
    expect(orderFrom('-lag')).toEqual({ column: 'lag', descending: true });
    expect(textOf(orderFrom('-lag'))).toBe('-lag');
    expect(orderFrom('pool')).toEqual({ column: 'pool', descending: false });
    for (const text of [undefined, '', 'nonsense', '-']) {
      expect(textOf(orderFrom(text))).toBeUndefined();
    }
    expect(textOf({ column: 'name', descending: true })).toBe('-name');
  });

  it('begins with the largest numbers, and turns around at the second click', () => {
    const byName = orderFrom(undefined);
    expect(nextOrder(byName, 'name')).toEqual({ column: 'name', descending: true });
    expect(nextOrder(byName, 'memory')).toEqual({ column: 'memory', descending: true });
    expect(nextOrder({ column: 'memory', descending: true }, 'memory').descending).toBe(false);
    expect(nextOrder(byName, 'pool').descending).toBe(false);
  });
});

describe('sortWorkers', () => {
  const workers = [
    aWorker({ name: 'b', pool: 'x', eventLoopLag: 5, startedAt: '2026-11-29T01:00:00.000Z' }),
    aWorker({ name: 'c', pool: 'x', eventLoopLag: 50, startedAt: '2026-11-28T01:00:00.000Z', state: 'draining' }),
    aWorker({ name: 'a', pool: 'y', eventLoopLag: 5, startedAt: '2026-11-29T01:30:00.000Z' }),
  ];
  const names = (column: Column, descending = false): string =>
    sortWorkers(workers, { column, descending })
      .map(({ name }) => name)
      .join('');

  it('orders by each column, then by name', () => {
    expect(names('name')).toBe('abc');
    expect(names('name', true)).toBe('cba');
    expect(names('pool')).toBe('bca');
    expect(names('lag', true)).toBe('cab');
    expect(names('state')).toBe('cab');
    expect(names('up')).toBe('abc');
    expect(names('up', true)).toBe('cba');
  });
});

it('a worker that stopped or was lost is not live', () => {
  const states = ['live', 'draining', 'stopped', 'lost'] as const;
  expect(states.map((state) => isLive({ state }))).toEqual([true, true, false, false]);
});

describe('callTime', () => {
  const task = { job: 'j', task: 0, progress: 0, phase: null, waited: 8_000, usual: { p50: 4_000, p95: 8_000 } };

  it('adds the age of the heartbeat, and marks a call beyond p95', () => {
    expect(callTime(task, 0)).toEqual({ waited: 8_000, bar: { waited: 0.8, p50: 0.4, p95: 0.8 }, isSlow: false });
    expect(callTime(task, 8_000)).toEqual({ waited: 16_000, bar: { waited: 1, p50: 0.25, p95: 0.5 }, isSlow: true });
    // The clocks of the API and the browser may differ.
    expect(callTime(task, -500)?.waited).toBe(8_000);
  });

  it('compares nothing before the call, or while no time is usual', () => {
    expect(callTime({ ...task, waited: null }, 0)).toBeUndefined();
    expect(callTime({ ...task, usual: null }, 1_000)).toEqual({ waited: 9_000, bar: undefined, isSlow: false });
    expect(callTime({ ...task, waited: 0, usual: { p50: 0, p95: 0 } }, 0)?.bar).toEqual({ waited: 0, p50: 0, p95: 0 });
  });
});
