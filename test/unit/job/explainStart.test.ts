// When a queued task starts, as an explanation says it.
import { expect, test } from 'vitest';
import { start } from '../../fakes/tasks.ts';
import { explained, key, queued, waited } from './observations.ts';

const cooling = (state: 'cooling' | 'noQuota', until: number) => {
  return { model: queued.of.model, state, until: start + until };
};

test('behind others says about when it starts, and at which rate, if that is known', () => {
  const ahead = { again: 0, lane: 40 };
  const summary = (over: Parameters<typeof explained>[3]): string =>
    explained(queued, 0, { ahead }, { slots: { total: 4, free: 0 }, running: 4, ...over }).summary;
  const slow = { requestsPerMinute: 6, requestsLeft: 0 };
  const behind = '40 tasks in lane normal are ahead of it; 4 of 4 slots of pool default are busy';
  expect(summary({ attemptMs: 10_000 })).toBe(
    `${behind}. It starts in about 1 min 43 s with 4 slots and 10 s per attempt`,
  );
  expect(summary({ attemptMs: 10_000, keys: [key('ready', slow)] })).toBe(
    `${behind}. It starts in about 6 min 50 s at 6 requests per minute`,
  );
  expect(summary({ attemptMs: null, keys: [key('ready', slow), key('refused', slow)] })).toBe(
    `${behind}. It starts in at least 6 min 50 s at 6 requests per minute`,
  );
  const mixed = [key('ready', slow), key('cooling', { ...slow, models: [cooling('cooling', 60_000)] })];
  expect(summary({ attemptMs: 10, keys: mixed })).toContain('about 3 min 50 s at 12 requests per minute');
  const other = key('cooling', { ...slow, models: [{ ...cooling('noQuota', 60_000), model: 'other' }] });
  expect(summary({ attemptMs: 10, keys: [other] })).toContain('about 6 min 50 s at 6 requests per minute');
  expect(summary({ attemptMs: null })).toBe(behind);
  expect(summary({ attemptMs: 10_000, paused: { until: null } })).not.toContain('It starts in');
  // What a list shows changes only with the facts.
  expect(waited(queued, 0, { ahead }, { slots: { total: 4, free: 0 }, attemptMs: 10_000 })!.detail).toBe(behind);
});
