// What open tasks wait for, and until when.

import { describe, expect, test } from 'vitest';
import type { BlockReason } from '../../../src/job/block.ts';
import { isoTime } from '../../../src/job/time.ts';
import { succeeded, toReview, waiting } from '../../../src/job/transitions.ts';
import { start } from '../../fakes/tasks.ts';
import { blockOf } from '../../fakes/blocks.ts';
import { explained, outage, queued, running, waited } from './observations.ts';

describe('what a task waits for', () => {
  test('is the first obstacle, with a time only if one is known', () => {
    const paused = waited(queued, 0, {}, { paused: { until: start + 60_000 }, workers: 0 });
    const until = '2026-11-22T00:01:00Z';
    expect(paused).toEqual({
      reason: 'PoolPaused',
      until: start + 60_000,
      detail: `Pool default is paused until ${until}`,
    });
    const out = outage({ until: start + 70_000 });
    expect(waited(queued, 0, { block: out }, { workers: 0 })).toEqual({
      reason: 'NoWorkers',
      until: null,
      detail: 'No worker serves pool default',
    });
    expect(waited(queued, 60_000, { block: out })).toMatchObject({ reason: 'ProviderOutage', until: start + 70_000 });
    expect(waited(queued, 80_000, { block: out })).toMatchObject({ reason: 'ProviderOutage', until: null });
    expect(waited(queued, 0, { block: outage({ until: Infinity }) })!.until).toBeNull();
    expect(waited(queued, 0, {}, { removed: true, workers: 0 })).toMatchObject({ reason: 'NoWorkers' });
  });

  test.each<BlockReason>(['RateLimit', 'KeysCooling', 'KeysRefused', 'NoKeys', 'QuotaExhausted', 'BudgetExhausted'])(
    'has the reason %s of the key ring',
    (reason) => {
      expect(waited(queued, 0, { block: blockOf(reason) })).toMatchObject({ reason, until: null });
    },
  );

  test('is a slot while others are ahead or none is free, and nothing if it starts in a moment', () => {
    expect(waited(queued, 0, {}, { slots: { total: 4, free: 0 } })).toMatchObject({ reason: 'SlotsBusy' });
    expect(waited(queued, 0, { ahead: { again: 0, lane: 4 } })).toMatchObject({ reason: 'SlotsBusy' });
    expect(waited(queued, 0, { ahead: { again: 0, lane: 3 } })).toBeNull();
    expect(waited(queued, 60_000)).toBeNull();
  });

  test('is the backoff or the review of a task that is not queued', () => {
    const backoff = waiting(running, 'ProviderUnavailable', start + 30_000, start + 10_000);
    expect(waited(backoff, 12_000)).toEqual({
      reason: 'Backoff',
      until: start + 30_000,
      detail: 'Attempt 1 of 3 failed with ProviderUnavailable; next attempt 2026-11-22T00:00:30Z',
    });
    const review = toReview(running, start + 10_000);
    expect(waited(review, 12_000)).toMatchObject({ reason: 'Review', until: review.dueAt });
    expect(waited(running, 1_000)).toBeNull();
    expect(waited(succeeded(running, start), 1_000)).toBeNull();
  });

  test('never throws for odd times', () => {
    const odd = [Infinity, -Infinity, Number.NaN, 9e18, -1];
    for (const until of odd) {
      for (const since of odd) {
        const { summary } = explained(queued, 0, { block: outage({ until, since }) });
        expect(summary).toContain('Gemini answers 503');
      }
      expect(() => explained(queued, 0, {}, { paused: { until } })).not.toThrow();
      expect(isoTime(until)).toMatch(/^\d{4}-/);
    }
  });
});
