// The line of results that wait: which jobs are in it, in which order, and who is next.
import { describe, expect, test } from 'vitest';
import type { Task } from '../../../../src/client/index.ts';
import { neighbour, oldestFirst, waitingTasks, withJob, type Line } from '../../../../src/console/pages/review/line.ts';

const counts = { queued: 0, running: 0, waiting: 0, succeeded: 0, failed: 0, cancelled: 0, fraction: 1 };
const job = (id: string, waiting: number, submittedAt = '2026-11-22T00:00:00.000Z') => ({
  id,
  prompt: `prompt of ${id}`,
  submittedAt,
  progress: { ...counts, needs_review: waiting, total: 5 },
});
const lineOf = (...jobs: ReturnType<typeof job>[]): Line => jobs.reduce(withJob, new Map());
const tasks = (...indexes: number[]): Task[] => indexes.map((index) => ({ index }) as Task);

describe('the line', () => {
  const line = lineOf(job('b', 2), job('a', 1, '2026-11-22T00:00:01.000Z'), job('c', 0));

  test('holds the jobs of which tasks wait, oldest first', () => {
    expect(oldestFirst(line).map(({ id, waiting }) => [id, waiting])).toEqual([
      ['b', 2],
      ['a', 1],
    ]);
    expect(waitingTasks(line)).toBe(3);
  });

  test('stays the same object while nothing of it changes', () => {
    expect(withJob(line, job('b', 2))).toBe(line);
    expect(withJob(line, job('d', 0))).toBe(line);
    expect(waitingTasks(withJob(line, job('b', 1)))).toBe(2);
    expect([...withJob(line, job('b', 0)).keys()]).toEqual(['a']);
  });
});

describe('the next result', () => {
  const line = lineOf(job('a', 3), job('b', 1), job('c', 1));
  const at = (name: string, task: number) => ({ job: name, task });

  test('is of the same job, then of the next job, then of the first one', () => {
    expect(neighbour(line, tasks(0, 2, 4), at('a', 2), 1)).toEqual({ job: 'a', task: 4 });
    expect(neighbour(line, tasks(0, 2, 4), at('a', 4), 1)).toEqual({ job: 'b', task: undefined });
    expect(neighbour(line, tasks(0), at('c', 0), 1)).toEqual({ job: 'a', task: undefined });
    expect(neighbour(line, tasks(0, 2, 4), at('a', 2), -1)).toEqual({ job: 'a', task: 0 });
    expect(neighbour(line, tasks(0, 2, 4), at('a', 0), -1)).toEqual({ job: 'c', task: undefined });
  });

  test('is an earlier one of the same job if no other job waits, and none if nothing else waits', () => {
    const single = lineOf(job('a', 2));
    expect(neighbour(single, tasks(0, 4), at('a', 4), 1)).toEqual({ job: 'a', task: 0 });
    expect(neighbour(lineOf(job('a', 1)), tasks(4), at('a', 4), 1)).toBeUndefined();
    expect(neighbour(new Map(), tasks(), at('a', 4), 1)).toBeUndefined();
  });
});
