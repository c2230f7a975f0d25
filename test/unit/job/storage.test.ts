// What full storage means for a task, and how it is reported.

import { describe, expect, test } from 'vitest';
import { queueTimeout } from '../../../src/job/rules/queueTimeout.ts';
import { holdsUp, worstStorage, type FullStorage } from '../../../src/job/storage.ts';
import { toReview, waiting } from '../../../src/job/transitions.ts';
import { start } from '../../fakes/tasks.ts';
import { explained, noCall, queued, running, waited } from './observations.ts';

const storage: FullStorage = { place: 'disk', refuses: 'statuses', since: start, words: 'no space left on device' };
const artifacts: FullStorage = { ...storage, place: 'account', refuses: 'artifacts', words: '91 % used' };
const runner = { silentFor: 400, draining: false, listsTask: true, progress: 0, ...noCall };

describe('a task that full storage holds up', () => {
  test.each([
    ['queued', queued, 'workers start it as soon as there is room'],
    ['running', running, 'its worker keeps what it has and stores it as soon as there is room'],
    [
      'waiting',
      waiting(running, 'RateLimited', start + 5_000, start),
      'the controller requeues it as soon as there is room',
    ],
  ])('says so first when it is %s', (_state, task, effect) => {
    const words = `The storage of NATS is full since 2026-11-22T00:00:00Z: The disk of the NATS server is full (no space left on device); ${effect}`;
    const { cause, summary, advice } = explained(task, 0, { storage }, { workers: 0 });
    expect({ cause, summary }).toEqual({ cause: 'StorageFull', summary: words });
    expect(advice).toEqual([expect.stringContaining('Free space on that disk')]);
    expect(waited(task, 0, { storage })).toEqual({ reason: 'StorageFull', until: null, detail: words });
  });

  test('is not blamed on the controller when it is overdue, nor on a slow provider', () => {
    const late = explained(running, 3_600_000, { storage });
    expect(late.summary).toMatch(/^The storage of NATS is full .* It should have changed \d+ min(?: \d+ s)? ago$/);
    expect([late.summary, ...late.details].join()).not.toMatch(/no controller/);
    expect(late.advice.join()).not.toMatch(/provider/);
  });

  test('stores its result: only then does a running task wait for the artifact store', () => {
    expect(waited(running, 0, { storage: artifacts })).toBeNull();
    const storing = { ...runner, phase: { phase: 'result' } } as const;
    expect(waited(running, 0, { storage: artifacts, runner: storing })).toMatchObject({ reason: 'StorageFull' });
    expect(waited(running, 0, { storage: artifacts, runner: { ...runner, waited: 5_000 } })).toBeNull();
    expect(waited(queued, 0, { storage: artifacts })).toMatchObject({ reason: 'StorageFull' });
  });

  test('is none in review, of a kind without artifacts, or while only submits are refused', () => {
    expect(waited(toReview(running, start), 0, { storage })).toMatchObject({ reason: 'Review' });
    expect(holdsUp(artifacts, 'text')).toBe(false);
    expect(waited(queued, 0, { storage: { ...storage, refuses: 'submits' } })).toBeNull();
  });
});

test('a task that times out meanwhile names the storage instead of its workers', () => {
  const late = start + queued.budgets.queue;
  const world = { worker: () => undefined, heartbeatTimeout: 6_000, outage: false, grace: 0, block: () => undefined };
  const verdict = (full: FullStorage | undefined) =>
    queueTimeout({ task: queued, seenFor: 0 }, { ...world, storage: () => full }, late, 0);
  const claimed = 'No worker of pool default claimed the task within the queue timeout of 1 day';
  expect(verdict(undefined)).toMatchObject({ message: claimed });
  expect(verdict(artifacts)).toMatchObject({
    rule: 'QueueTimeout',
    message: `${claimed}: The storage of the NATS account is full (91 % used)`,
  });
});

test('of several full storages, the one that refuses most counts, and of those the one that is full for longest', () => {
  const earlier = { ...storage, since: start - 1_000 };
  expect(worstStorage([artifacts, storage, earlier])).toBe(earlier);
  expect(worstStorage([])).toBeUndefined();
});
