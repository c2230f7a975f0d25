// The timeline that `watch` prints at the end: waits and attempts in words and as bars, retries, losses, reviews, many tasks.

import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { failureLines } from '../../../src/cli/client/watch/ending.ts';
import { timelineLines } from '../../../src/cli/client/watch/timeline.ts';
import type { Transition } from '../../../src/client/index.ts';
import { runCommand } from '../../support/commandLine.ts';
import { answerJson, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { fakeTransition } from '../../fakes/fakeTransition.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const job = fakeJob('job1', [fakeTask(0, 'succeeded')]);
const plain = { paint: (_: string, text: string) => text };

type Step = [seconds: number, state: Transition['state'], over?: Partial<Transition>];

function history(task: number, ...steps: Step[]): Transition[] {
  return steps.map(([seconds, state, over], at) =>
    fakeTransition({
      sequence: task * 100 + at,
      at: new Date(start + seconds * 1_000).toISOString(),
      task,
      state,
      reason: state === 'running' ? 'Claimed' : 'Submitted',
      ...over,
    }),
  );
}

const easy = history(0, [0, 'queued'], [1.2, 'running'], [9, 'succeeded']);
const hard = history(
  1,
  [0, 'queued', { name: 'yard' }],
  [2, 'running'],
  [92, 'waiting', { reason: 'AttemptTimeout' }],
  [96, 'queued', { reason: 'RetryDue' }],
  [97, 'running', { attempt: 2 }],
  [100, 'queued', { reason: 'WorkerLost' }],
  [101, 'running', { attempt: 2, worker: 'worker-9' }],
  [108, 'needs_review'],
  [168, 'succeeded', { reason: 'Approved' }],
);

test('in words, in a pipe', () => {
  expect(timelineLines(job, [...hard, ...easy].toReversed(), plain)).toEqual([
    'Timeline of job1:',
    '  task 0  queued 1.2s → attempt 1 on worker-1 7.8s → succeeded',
    '  yard    queued 2.0s → attempt 1 on worker-1 90s: AttemptTimeout → backoff 4.0s → queued 1.0s → attempt 2 on worker-1 3.0s: WorkerLost → queued 1.0s → attempt 2 on worker-9 7.0s → in review 60s → succeeded',
  ]);
});

test('a task that failed in the queue, another run, and one that waited for others', () => {
  const steps = history(
    0,
    [0, 'waiting', { reason: 'AwaitingTasks' }],
    [5, 'queued'],
    [65, 'failed', { reason: 'QueueTimeout' }],
    [70, 'queued', { run: 2, reason: 'Retried' }],
    [71, 'running', { run: 2 }],
    [72, 'failed', { run: 2, reason: 'PromptRefused' }],
  );
  expect(timelineLines(job, steps, plain)[1]).toBe(
    '  task 0  waited for other tasks 5.0s → queued 60s → failed: QueueTimeout → run 2: queued 1.0s → attempt 1 on worker-1 1.0s: PromptRefused → failed',
  );
});

test('on a terminal it has bars on one axis, and breaks between two words', () => {
  const lines = timelineLines(job, [...easy, ...hard], { ...plain, columns: 80 });
  expect(lines).toEqual([
    'Timeline of job1: ░ queued █ running ┄ waiting ▒ review',
    '  task 0  █             queued 1.2s → attempt 1 7.8s → succeeded',
    '  yard    ████████▒▒▒▒  queued 2.0s → attempt 1 on worker-1 90s: AttemptTimeout',
    '                        → backoff 4.0s → queued 1.0s',
    '                        → attempt 2 on worker-1 3.0s: WorkerLost → queued 1.0s',
    '                        → attempt 2 on worker-9 7.0s → in review 60s → succeeded',
  ]);
});

test('a narrow terminal breaks long words too, and loses no reason', () => {
  const lines = timelineLines(
    job,
    history(
      0,
      [0, 'queued', { name: 'the front yard' }],
      [1, 'running'],
      [4, 'failed', { reason: 'ProviderUnavailable' }],
    ),
    { ...plain, columns: 36 },
  );
  expect(lines.slice(1)).toEqual([
    '  the fron…  queued 1.0s',
    '             → attempt 1 3.0s:',
    '             ProviderUnavailable',
    '             → failed',
  ]);
});

test.each([20, 60, 120])('fits into %d columns, whatever names there are', (columns) => {
  const names = ['図'.repeat(40), 'a\u001b[2Jb', '😀'.repeat(30)];
  const tasks = names.flatMap((name, at) =>
    history(at, [0, 'queued', { name }], [5, 'running', { worker: 'w'.repeat(99) }]),
  );
  for (const line of timelineLines(job, tasks, { ...plain, columns })) {
    expect(stringWidth(line)).toBeLessThanOrEqual(Math.max(columns, 'Timeline of job1:'.length));
    expect(line).not.toContain('\u001b');
  }
});

test('of many tasks it shows those that failed or were retried, and counts the rest', () => {
  const many = Array.from({ length: 500 }, (_, at) =>
    at === 470
      ? history(at, [0, 'queued'], [5, 'failed', { reason: 'QueueTimeout' }])
      : history(at, [0, 'queued'], [1, 'running'], [at === 480 ? 3 : 4, 'succeeded']),
  );
  const retried = history(
    490,
    [0, 'queued'],
    [1, 'running'],
    [2, 'waiting'],
    [3, 'queued'],
    [4, 'running'],
    [5, 'succeeded'],
  );
  const lines = timelineLines(job, [...many.flat().filter(({ task }) => task !== 490), ...retried], plain);
  expect(lines).toHaveLength(22);
  expect(lines.filter((line) => line.includes('task 470') || line.includes('task 490'))).toHaveLength(2);
  expect(lines.at(-1)).toBe('  … and 480 more');
  expect(timelineLines(job, [], plain)).toEqual([]);
});

test('failures are told once for each code, with what to do', () => {
  const tasks = [
    fakeTask(0, 'failed', { name: 'a' }),
    fakeTask(1, 'succeeded'),
    fakeTask(2, 'failed'),
    fakeTask(3, 'failed'),
  ];
  expect(failureLines(tasks)).toEqual([
    'a and 2 more: AttemptTimeout: No answer within 30 s',
    '  Look at the provider.',
  ]);
});

test('at the end it prints how each task got there', async () => {
  await using api = await FakeApi.start();
  const step = { task: 0, name: 'yard', run: 1, attempt: 1, worker: null, reason: 'Submitted' };
  const items = [
    { ...step, sequence: 1, at: '2026-01-01T00:00:00Z', state: 'queued' },
    { ...step, sequence: 2, at: '2026-01-01T00:00:02Z', state: 'running', worker: 'worker-1' },
    { ...step, sequence: 3, at: '2026-01-01T00:00:10Z', state: 'succeeded' },
  ];
  api.route('GET /v1/jobs/job1/history', (_, response) => answerJson(response, 200, { items, next: null }));
  api.put(fakeJob('job1', [fakeTask(0, 'succeeded', { name: 'yard' })]));
  const piped = await runCommand(['watch', 'job1'], { env: api.env });
  const words = 'queued 2.0s → attempt 1 on worker-1 8.0s → succeeded';
  expect(piped.stdout.split('\n').slice(-3)).toEqual(['Timeline of job1:', `  yard  ${words}`, '']);
  const env = { ...api.env, NO_COLOR: '1' };
  const { stdout } = await runCommand(['watch', 'job1'], { env, terminal: { columns: 100, rows: 20 } });
  const lines = stripVTControlCharacters(stdout).trimEnd().split('\n');
  expect(lines.at(-1)).toBe(`  yard  ░░░░░${'█'.repeat(19)}  ${words}`);
  // The last screen stays above it, once.
  expect(lines.slice(-5, -3).map((line) => line.split('  ')[0])).toEqual(['job1', '']);
  expect(lines.filter((line) => line.startsWith('job1  succeeded')).length).toBeLessThanOrEqual(2);
  const json = await runCommand(['watch', 'job1', '-o', 'json'], { env: api.env });
  expect(() => JSON.parse(json.stdout) as unknown).not.toThrow();
});
