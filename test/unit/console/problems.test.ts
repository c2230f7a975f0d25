// What the strip above the list of jobs says.

import { expect, test } from 'vitest';
import type { Pool } from '../../../src/client/index.ts';
import { troubleOf } from '../../../src/console/pages/jobs/overview/problems.ts';
import { at } from './jobFixtures.ts';

const key = (change: Partial<Pool['keys'][number]> = {}): Pool['keys'][number] => ({
  fingerprint: 'f',
  state: 'ready',
  until: null,
  cause: null,
  inFlight: 0,
  requestsPerMinute: 60,
  message: '',
  models: [],
  callsLastMinute: 0,
  ...change,
});

const pool = (change: Partial<Pool> = {}): Pool =>
  ({
    name: 'photos',
    queued: 0,
    waiting: 0,
    running: 0,
    paused: false,
    pausedUntil: null,
    workers: 1,
    keys: [key()],
    outages: [],
    ...change,
  }) as Partial<Pool> as Pool;

const said = (pools: Pool[], change: Partial<Parameters<typeof troubleOf>[0]> = {}) =>
  troubleOf({ activity: undefined, pools, disconnectedSince: undefined, now: Date.parse(at(60)), ...change }).map(
    ({ severity, text, until, path }) => [severity, text, until?.what ?? null, path],
  );

const activity = (behindMs: number, overdue: number) =>
  ({ at: at(60), behindMs, overdue }) as Parameters<typeof troubleOf>[0]['activity'];

test('nothing is wrong', () => {
  expect(said([pool(), pool({ paused: true }), pool({ workers: 0 })], { activity: activity(1_000, 0) })).toEqual([]);
});

test('overdue tasks, and an API that is cut off', () => {
  expect(said([], { activity: activity(0, 1) })).toEqual([
    ['danger', '1 task is overdue: no controller has acted', null, '/stuck'],
  ]);
  const [cutOff] = said([], { activity: activity(60_000, 0) });
  expect(cutOff![1]).toMatch(/^The API has been cut off from NATS since \d\d:59:00\. This page/);
  const [silent] = said([], { disconnectedSince: Date.parse(at(59)) });
  expect(silent![1]).toMatch(/^The API has not answered since \d\d:59:00\. This page/);
  expect(said([], { disconnectedSince: Date.parse(at(60)) - 4_000 })).toEqual([]);
});

test('pools without workers, and paused ones, that have a queue', () => {
  expect(
    said([pool({ queued: 2, waiting: 1, workers: 0 }), pool({ queued: 1, paused: true, pausedUntil: at(61) })]),
  ).toEqual([
    ['danger', 'Pool photos has no workers, and 3 tasks wait', null, '/pools'],
    ['warning', 'Pool photos is paused, and 1 task waits', 'resumes', '/pools'],
  ]);
});

test('outages', () => {
  const outage = { model: 'm', since: at(0), until: at(1), status: 503, message: 'Overloaded.', failures: 5 };
  expect(
    said([
      pool({
        outages: [
          { ...outage, state: 'open' },
          { ...outage, state: 'probing', status: null },
        ],
      }),
    ]),
  ).toEqual([
    ['danger', 'Outage of m in pool photos: 503 Overloaded.', 'next probe', '/pools'],
    ['danger', 'Outage of m in pool photos: Overloaded.; probing now', null, '/pools'],
  ]);
});

test('refused keys: red once none is left', () => {
  const refused = key({ state: 'refused', message: 'API key not valid.' });
  expect(said([pool({ keys: [key(), refused] })])).toEqual([
    ['warning', '1 of 2 keys of pool photos is refused: API key not valid.', null, '/pools'],
  ]);
  expect(said([pool({ keys: [refused] })])).toEqual([
    ['danger', 'The only key of pool photos is refused: API key not valid.', null, '/pools'],
  ]);
});

test('exhausted quotas: red once no usable key has one; a cool-down is no trouble', () => {
  const out = (state: 'exhausted' | 'cooling') =>
    key({ models: [{ model: 'm', state, until: at(61), cause: 'quota' }] });
  expect(said([pool({ keys: [out('cooling')] })])).toEqual([]);
  expect(said([pool({ keys: [out('exhausted'), key()] })])).toEqual([
    ['warning', 'm has used up its quota for 1 of 2 keys of pool photos', 'usable', '/pools'],
  ]);
  expect(said([pool({ keys: [out('exhausted'), out('exhausted')] })])).toEqual([
    ['danger', 'm has used up its quota for every key of pool photos', 'usable', '/pools'],
  ]);
});
