// What the Pools page says is wrong with a pool, and in which order.

import { describe, expect, it } from 'vitest';
import type { Pool } from '../../../src/client/index.ts';
import { costsOf } from '../../../src/console/pages/pools/costs.ts';
import { firstDue } from '../../../src/console/pages/pools/queueTimeout.ts';
import { dotsOf, slotsOf } from '../../../src/console/pages/pools/slots.ts';
import { rankOf, troublesOf } from '../../../src/console/pages/pools/troubles.ts';
import { aKey, aPool, aWorker } from './operations.ts';

const at = '2026-11-29T02:00:00.000Z';
const later = '2026-11-29T02:05:00.000Z';

const textsOf = (...arguments_: Parameters<typeof troublesOf>): string[] =>
  troublesOf(...arguments_).map(({ text }) => text);

describe('troublesOf', () => {
  it('says nothing about a healthy pool', () => {
    expect(troublesOf(aPool(), [aWorker()])).toEqual([]);
    expect(rankOf([])).toBe(2);
  });

  it('names a pool without workers, and one whose workers all drain', () => {
    expect(troublesOf(aPool({ workers: 0 }), [])).toEqual([
      {
        severity: 'problem',
        text: 'No worker serves this pool',
        advice: 'Start one with `genwarden worker --pool photos`.',
      },
    ]);
    const draining = aWorker({ draining: true });
    expect(textsOf(aPool(), [draining])).toEqual(['Every worker of this pool is draining, and starts no more tasks']);
    expect(troublesOf(aPool(), [draining, aWorker()])).toEqual([]);
  });

  it('reports an outage: since when, its next probe and the words of the provider', () => {
    const outage = {
      model: 'm',
      state: 'open',
      since: at,
      until: later,
      status: 503,
      message: 'busy',
      failures: 1,
    } as const;
    expect(troublesOf(aPool({ outages: [outage] }), [aWorker()])).toEqual([
      {
        severity: 'problem',
        text: 'The provider answers 503 for m (1 failure)',
        since: at,
        next: { what: 'next probe', at: later, past: 'is due' },
        words: 'busy',
      },
    ]);
    const unreachable = { ...outage, status: null, message: '', failures: 4, state: 'probing' } as const;
    expect(troublesOf(aPool({ outages: [unreachable] }), [aWorker()])).toEqual([
      {
        severity: 'problem',
        text: 'The provider cannot be reached for m (4 failures)',
        since: at,
        next: { what: 'a probe is running, and ends at the latest', at: later, past: 'now' },
      },
    ]);
  });

  it('counts refused keys, and cooling ones only while no other key can be used', () => {
    const [refused, cooling, ready] = [aKey('refused', later), aKey('cooling', later), aKey('ready')];
    expect(textsOf(aPool({ keys: [refused, cooling, ready] }), [aWorker()])).toEqual([
      'The provider refuses 1 of 3 keys',
    ]);
    expect(textsOf(aPool({ keys: [refused] }), [aWorker()])).toEqual(['The provider refuses its only key']);
    const both = troublesOf(aPool({ keys: [aKey('cooling', later), aKey('cooling', at)] }), [aWorker()]);
    expect(both).toEqual([
      {
        severity: 'notice',
        text: 'No key can be used now: all 2 keys are cooling',
        next: { what: 'the first is usable again', at, past: 'now' },
      },
    ]);
    expect(textsOf(aPool({ keys: [cooling, aKey('busy')] }), [aWorker()])).toEqual([]);
    expect(textsOf(aPool({ keys: [] }), [aWorker()])).toEqual(['No API key is configured']);
  });

  it('reports spent budgets of the pool and of a tenant', () => {
    const ends = { dayEndsAt: at, monthEndsAt: later };
    const spending = [
      { tenant: null, day: 2.909_84, month: 3, limits: { day: 2.5, month: 200 }, ...ends },
      { tenant: 'shop', day: 1, month: 50, limits: { month: 50 }, ...ends },
    ];
    expect(troublesOf(aPool({ spending }), [aWorker()])).toEqual([
      {
        severity: 'notice',
        text: "Today's budget of this pool is spent: 2.91 of 2.5",
        next: { what: 'the next day begins', at, past: 'now' },
      },
      {
        severity: 'notice',
        text: "This month's budget of tenant shop is spent: 50 of 50",
        next: { what: 'the next month begins', at: later, past: 'now' },
      },
    ]);
  });

  it('reports a pause with its end, and of leaked slots', () => {
    const slots = { total: 4, busy: 1, leaked: 1 };
    expect(troublesOf(aPool({ paused: true, pausedUntil: later }), [aWorker({ slots })])).toEqual([
      {
        severity: 'notice',
        text: 'This pool is paused: its workers start no more tasks',
        next: { what: 'resumes', at: later, past: 'now' },
      },
      {
        severity: 'notice',
        text: '1 slot is leaked: a call does not end, although it was aborted',
        advice: 'A restart of the worker frees its slots.',
      },
    ]);
    expect(textsOf(aPool({ paused: true }), [aWorker()])).toEqual([
      'This pool is paused: its workers start no more tasks until it is resumed',
    ]);
  });

  it('names one remedy for a pool that a WorkerPool defines', () => {
    const managed = { kind: 'WorkerPool', namespace: 'images', name: 'photos' } as const;
    const adviceOf = (over: Partial<Pool>) => troublesOf(aPool({ managed, ...over }), [aWorker()])[0]!.advice;
    expect(adviceOf({ workers: 0 })).toBe('`kubectl genwarden doctor` says why the operator runs none.');
    expect(adviceOf({ keys: [] })).toBe('Name a Secret in spec.keys of WorkerPool photos.');
    expect(adviceOf({ keys: [aKey('refused')] })).toMatch(
      /^Put new keys into the Secrets that spec\.keys of WorkerPool/,
    );
    expect(adviceOf({ paused: true, pausedBy: 'spec' })).toBe(
      `Resume it with \`kubectl patch workerpool photos -n images --type merge -p '{"spec":{"paused":false}}'\`.`,
    );
  });

  it('puts what is broken before what waits', () => {
    const troubles = troublesOf(aPool({ paused: true, keys: [] }), [aWorker()]);
    expect(troubles.map(({ severity }) => severity)).toEqual(['problem', 'notice']);
    expect(rankOf(troubles)).toBe(0);
    expect(rankOf(troubles.slice(1))).toBe(1);
  });
});

describe('slots', () => {
  const workers = [
    aWorker({ name: 'a', slots: { total: 4, busy: 1, leaked: 1 } }),
    aWorker({ name: 'b', slots: { total: 2, busy: 1, leaked: 0 }, draining: true }),
  ];

  it('counts no free slots of a draining worker', () => {
    expect(slotsOf(workers)).toEqual({ busy: 2, free: 2, leaked: 1, total: 6 });
    expect(dotsOf(workers)).toEqual([
      { worker: 'a', slots: ['busy', 'leaked', 'free', 'free'] },
      { worker: 'b', slots: ['busy'] },
    ]);
  });

  it('draws no dots for very many slots', () => {
    const slots = { total: 1_000, busy: 0, leaked: 0 };
    expect(dotsOf([aWorker({ slots })])).toBeUndefined();
  });
});

it('the first queue timeout is the earliest of the queued tasks', () => {
  expect(firstDue([])).toBeNull();
  expect(
    firstDue([
      { state: 'running', dueAt: '2026-11-29T01:00:00.000Z' },
      { state: 'queued', dueAt: later },
      { state: 'queued', dueAt: at },
    ]),
  ).toBe(at);
});

it('costs of a tenant are shown with a limit, or if others spent too', () => {
  const ends = { dayEndsAt: at, monthEndsAt: at };
  const pool = { tenant: null, day: 3, month: 9, limits: { day: 5 }, ...ends };
  const tenant = { tenant: 'shop', day: 3, month: 4, limits: {}, ...ends };
  expect(costsOf([pool, tenant])).toEqual([
    { what: 'today', used: 3, limit: 5 },
    { what: 'this month', used: 9, limit: undefined },
    { what: 'this month by tenant shop', used: 4, limit: undefined },
  ]);
  expect(costsOf([{ ...tenant, limits: { day: 4 } }]).map(({ what }) => what)).toContain('today by tenant shop');
});
