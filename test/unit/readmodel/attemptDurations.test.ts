// How long attempts of a pool's models take, from the stream and from the index at the start.
import { expect, test } from 'vitest';
import { monotonicFrom } from '../../../src/job/time.ts';
import { claimed, failed, succeeded, toReview } from '../../../src/job/transitions.ts';
import { AttemptDurations } from '../../../src/readmodel/attemptDurations.ts';
import { JobIndex } from '../../../src/readmodel/jobIndex.ts';
import { anEntry, queuedTask, start } from '../../fakes/tasks.ts';

const finished = (model: string, took: number) =>
  succeeded(claimed(queuedTask({ model }), 'w', 1, start), start + took);

test('the mean of a mix of models weighs each model by its tasks', () => {
  const durations = new AttemptDurations();
  const mix = new Map([
    ['image', 1],
    ['text', 3],
  ]);
  expect(durations.meanOf('default', mix)).toBeNull();
  for (const [model, took] of [
    ['image', 30_000],
    ['text', 2_000],
  ] as const) {
    const after = finished(model, took);
    durations.observe({ before: { state: claimed(queuedTask({ model }), 'w', 1, start) }, after: { state: after } });
  }
  expect(durations.meanOf('default', mix)).toBe(9_000);
  expect(durations.meanOf('default', new Map([['text', 7]]))).toBe(2_000);
  // A model without attempts counts like the others.
  expect(durations.meanOf('default', new Map([...mix, ['new', 100]]))).toBe(9_000);
  expect(durations.meanOf('default', new Map([['new', 100]]))).toBeNull();
  expect(durations.meanOf('default', new Map())).toBeNull();
  expect(durations.meanOf('other', mix)).toBeNull();
});

test('a process that starts learns from the newest succeeded tasks', () => {
  const index = new JobIndex();
  for (let at = 0; at < 30; at += 1) {
    const { of, ...state } = finished('image', at < 15 ? 90_000 : 10_000);
    index.apply(anEntry(at + 1, { ...state, of: { ...of, submittedAt: start + at } }), monotonicFrom(0));
  }
  const running = claimed(queuedTask({ model: 'text' }), 'w', 1, start);
  index.apply(anEntry(40, failed(running, 'PromptRefused', start + 1)), monotonicFrom(0));
  const durations = new AttemptDurations();
  durations.learn(index);
  const mean = durations.meanOf('default', new Map([['image', 1]]))!;
  expect(mean).toBeGreaterThan(10_000);
  expect(mean).toBeLessThan(40_000);
  expect(durations.meanOf('default', new Map([['text', 1]]))).toBeNull();
});

test('the time in review does not count', () => {
  const durations = new AttemptDurations();
  const running = claimed(queuedTask({ model: 'image' }), 'w', 1, start);
  const review = toReview(running, start + 5_000);
  durations.observe({ before: { state: running }, after: { state: review } });
  durations.observe({ before: { state: review }, after: { state: succeeded(running, start + 900_000) } });
  expect(durations.meanOf('default', new Map([['image', 1]]))).toBe(5_000);
});
