// Which explanations of tasks the Job page shows, and in which order; and the pictures before and after one.

import { expect, test } from 'vitest';
import type { ExplainedTask, Task } from '../../../../src/client/index.ts';
import { groupsOf, withoutTimes } from '../../../../src/console/pages/job/heading/groups.ts';
import { neighbours, thumbnailOf } from '../../../../src/console/pages/job/pictures/pictures.ts';

const explained = (task: number, state: string, cause: string, advice: string[] = []): ExplainedTask =>
  ({ task, name: null, state, cause, advice, error: null }) as unknown as ExplainedTask;

test('tasks in one situation are one group, those that need a person come first, and finished ones are not told', () => {
  const groups = groupsOf([
    explained(0, 'running', 'Running'),
    explained(1, 'running', 'Running'),
    explained(2, 'queued', 'WorkersBusy', ['No action needed: it starts as soon as a slot is free.']),
    explained(3, 'failed', 'Failed', ['Change the prompt 3.']),
    explained(4, 'failed', 'Failed', ['Change the prompt 4.']),
    explained(5, 'succeeded', 'Succeeded'),
    explained(6, 'cancelled', 'Cancelled'),
  ]);
  expect(groups.map(({ tasks }) => tasks.map(({ task }) => task))).toEqual([[3, 4], [0, 1], [2]]);
});

test('what is counted down is not said twice', () => {
  const says =
    'Without a result, attempt 1 of 3 ends with AttemptTimeout in 14 min 52 s (2026-11-29T02:29:59.120Z); then the task is retried';
  expect(withoutTimes(says)).toBe(
    'Without a result, attempt 1 of 3 ends with AttemptTimeout; then the task is retried',
  );
  expect(withoutTimes('It is requeued in 18 min 22 s (2026-11-29T02:51:01Z)')).toBe('It is requeued');
});

const withArtifacts = (index: number, ...names: string[]): Task =>
  ({
    index,
    artifacts: names.map((name) => ({
      name,
      href: `/v1/${index}/${name}`,
      mediaType: name === 'metadata' ? 'application/json' : 'image/png',
    })),
  }) as unknown as Task;

test('the pictures before and after one, past tasks without', () => {
  const tasks = [
    withArtifacts(0, 'image'),
    withArtifacts(1),
    withArtifacts(2, 'metadata'),
    withArtifacts(3, 'image'),
    withArtifacts(4, 'image'),
  ];
  expect(neighbours(tasks, 0)).toEqual({ previous: undefined, next: 3 });
  expect(neighbours(tasks, 2)).toEqual({ previous: 0, next: 3 });
  expect(neighbours(tasks, 4)).toEqual({ previous: 3, next: undefined });
});

test('a picture without a thumbnail is its own', () => {
  expect(thumbnailOf(withArtifacts(0, 'image', 'thumbnail'))).toBe('/v1/0/thumbnail');
  expect(thumbnailOf(withArtifacts(0, 'image', 'metadata'))).toBe('/v1/0/image');
  expect(thumbnailOf(withArtifacts(0, 'metadata'))).toBeUndefined();
});
