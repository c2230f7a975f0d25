// Why something waits and until when, in the words of a table's cell and of the lines below it.

import { expect, test } from 'vitest';
import { waitLines, waitText } from '../../../src/cli/client/waitText.ts';
import type { WaitingFor, WaitReason } from '../../../src/client/index.ts';
import { fakeTask } from '../../fakes/fakeJobs.ts';

const now = Date.parse('2026-01-01T00:10:00Z');
const wait = (reason: string, until: string | null = null, detail = 'Whatever'): WaitingFor => ({
  reason: reason as WaitReason,
  until,
  detail,
});
const soon = '2026-01-01T00:10:12Z';

test.each([
  [wait('RateLimit', soon), 'rate limit until 00:10:12Z (12 s)'],
  [wait('KeysCooling', soon), "the provider's rate limit until 00:10:12Z (12 s)"],
  [wait('ProviderOutage', '2026-01-01T00:10:40Z'), 'provider outage, next try in 40 s'],
  [wait('ProviderOutage', '2026-01-01T00:09:59Z'), 'provider outage, next try is due'],
  [wait('ProviderOutage'), 'provider outage, next try is due'],
  [wait('NoWorkers', null, 'No worker serves pool default'), 'no worker serves pool default'],
  [
    wait('NoWorkers', null, 'No worker serves pool a (1 worker is shutting down)'),
    'no worker serves pool a (1 worker is shutting down)',
  ],
  [wait('PoolPaused'), 'the pool is paused'],
  [wait('PoolPaused', soon), 'the pool is paused until 00:10:12Z (12 s)'],
  [
    wait('SlotsBusy', null, '3 tasks in lane normal are ahead of it; 4 of 4 slots of pool default are busy'),
    '3 tasks in lane normal are ahead of it',
  ],
  [
    wait('SlotsBusy', null, 'It is next, but pool default has no free slot (4 slots on 1 worker)'),
    'it is next, but pool default has no free slot',
  ],
  [wait('KeysRefused', soon), 'every API key is refused, next check in 12 s'],
  [wait('NoKeys'), 'the pool has no API key'],
  [
    wait('QuotaExhausted', '2026-01-02T00:00:00Z'),
    "the provider's quota is used up until 2026-01-02 00:00Z (23 h 50 min)",
  ],
  [wait('BudgetExhausted', '2026-01-02T00:00:00Z'), 'the budget is spent until 2026-01-02 00:00Z (23 h 50 min)'],
  [wait('TenantLimit'), 'limit of running tasks reached'],
  [
    wait(
      'Backoff',
      '2026-01-01T00:10:04Z',
      'Attempt 1 of 3 failed with ServerError; next attempt 2026-01-01T00:10:04Z',
    ),
    'next attempt in 4 s: attempt 1 of 3 failed with ServerError',
  ],
  [
    wait('Dependency', null, 'Waits for task 1 (walkway), queued since 2026-01-01T00:00:00Z, and for 2 other tasks'),
    'waits for task 1 (walkway)',
  ],
  [wait('Review', '2026-01-01T00:15:00Z'), 'needs a review until 00:15:00Z (5 min)'],
  [wait('StorageFull'), 'storage is full'],
  [wait('WorkerMemory'), 'next on a worker, which first ends other tasks'],
  // Of an API of a newer version.
  [wait('MoonPhase', soon, 'OpenAI sleeps; see the sky'), 'OpenAI sleeps until 00:10:12Z (12 s)'],
  [wait('MoonPhase', null, ''), 'MoonPhase'],
  [null, ''],
])('%j is %j', (waits, text) => {
  expect(waitText(waits, now)).toBe(text);
});

test('tasks with the same cause are one line, with the code and the whole detail', () => {
  const outage = wait('ProviderOutage', soon, 'Gemini answers 503; next probe 00:10:12Z');
  const tasks = [
    fakeTask(0, 'queued', { waitingFor: outage }),
    fakeTask(1, 'queued', { waitingFor: outage }),
    fakeTask(2, 'queued', { name: 'yard\u001b[2J', waitingFor: wait('StorageFull', null, 'The disk is full') }),
    fakeTask(3, 'running'),
  ];
  expect(waitLines(tasks)).toEqual([
    '2 tasks wait (ProviderOutage): Gemini answers 503; next probe 00:10:12Z',
    'yard�[2J waits (StorageFull): The disk is full',
  ]);
});
