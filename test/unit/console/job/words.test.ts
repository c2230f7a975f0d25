// Spans of the timeline in words.

import { expect, test } from 'vitest';
import { spansOf } from '../../../../src/console/pages/job/timeline/spans.ts';
import { shortText, spanLabel, spanTitle } from '../../../../src/console/pages/job/timeline/words.ts';
import { errorOf, isoSecond, second, task, transition } from './transitions.ts';

const history = [
  transition(1, 0, 'queued', 'Submitted'),
  transition(2, 2, 'running', 'Claimed', { attempt: 1 }),
  transition(3, 6.5, 'waiting', 'ProviderError', { attempt: 1, error: errorOf('ProviderError') }),
  transition(4, 9, 'queued', 'RetryDue', { attempt: 1 }),
  transition(5, 10, 'running', 'Claimed', { attempt: 2 }),
];
const { spans } = spansOf(history, { tasks: [task('running', { dueAt: isoSecond(90) })] }, second(12))[0]!;

test('titles and short texts', () => {
  expect(spans.map((span) => spanTitle(span))).toEqual([
    'Queued',
    'Running, attempt 1',
    'Waiting for the next attempt: ProviderError',
    'Queued',
    'Running, attempt 2',
  ]);
  expect(spans.map((span) => shortText(span))).toEqual([
    'queued',
    '1 · worker-1',
    'ProviderError',
    'queued',
    '2 · worker-1',
  ]);
});

test('a label begins with what is visible, and has all of it', () => {
  const labels = spans.map((span) => spanLabel(span, 'page-3', second(12)));
  for (const [at, label] of labels.entries()) expect(label.startsWith(shortText(spans[at]!))).toBe(true);
  expect(labels[1]).toMatch(
    /^1 · worker-1, page-3: Running, attempt 1 on worker-1, from \d\d:\d\d:02 to \d\d:\d\d:06, 4\.5 s, then waiting: ProviderError$/,
  );
  expect(labels[4]).toMatch(/^2 · worker-1, page-3: Running, attempt 2 on worker-1, since \d\d:\d\d:10$/);
});
