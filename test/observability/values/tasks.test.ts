// What the leading controllers counted and show of tasks, compared with the histories of all jobs.

import { beforeAll, expect, test } from 'vitest';
import type { PrometheusQueries } from '../../support/prometheusQueries.ts';
import { compareCounter, compareValue } from './compare.ts';
import { countOf, isOpen, observe, sumOf, type Change, type Observed } from './observed.ts';

let prometheus: PrometheusQueries;
let observed: Observed;
beforeAll(async () => void ({ prometheus, observed } = await observe()), 240_000);

const ended = (): Change[] =>
  observed.changes.filter(({ before, after }) => isOpen(before.state) && !isOpen(after.state));
const started = (): Change[] =>
  observed.changes.filter(({ before, after }) => before.state === 'queued' && after.state === 'running');

test('tasks that finished, by outcome and reason', async () => {
  const expected = countOf(ended().map(({ job, kind, after }) => `${job.pool} ${kind} ${after.state} ${after.reason}`));
  const reasons = new Set(ended().map(({ after }) => after.reason));
  for (const reason of ['OutputRefused', 'PromptRefused', 'RequestRefused', 'QueueTimeout', 'AttemptTimeout'])
    expect(reasons).toContain(reason);
  const by = ['pool', 'kind', 'outcome', 'reason'];
  await compareCounter(prometheus, { metric: 'genwarden_tasks_finished_total', by, expected });
});

test('how long they took: as many durations as tasks', async () => {
  const expected = countOf(ended().map(({ job, kind, after }) => `${job.pool} ${kind} ${after.state}`));
  const by = ['pool', 'kind', 'outcome'];
  await compareCounter(prometheus, { metric: 'genwarden_task_duration_seconds_count', by, expected });
});

test('how long they were queued: as many as were claimed', async () => {
  const expected = countOf(started().map(({ job }) => job.pool));
  await compareCounter(prometheus, { metric: 'genwarden_task_queue_duration_seconds_count', by: ['pool'], expected });
});

test('tasks whose worker was lost, until they ran again', async () => {
  const lost = observed.changes.filter(
    ({ before, after }) => before.state === 'running' && after.reason === 'WorkerLost',
  );
  expect(lost.length).toBe(2);
  const expected = { WorkerLost: lost.length };
  await compareCounter(prometheus, { metric: 'genwarden_recovery_duration_seconds_count', by: ['rule'], expected });
  await compareCounter(prometheus, {
    metric: 'genwarden_reconciliations_total{rule="WorkerLost",verdict="written"}',
    by: ['rule'],
    expected,
  });
  // Over time, because a controller that was killed may have counted them.
  const took = await prometheus.total('sum(max_over_time(genwarden_recovery_duration_seconds_sum[1h]))');
  expect(took).toBeGreaterThan(0);
});

test('open tasks by state', async () => {
  const expected = sumOf(
    observed.pools.flatMap(({ name, queued, running, waiting, needsReview }) =>
      Object.entries({ queued, running, waiting, needs_review: needsReview }).map(
        ([state, count]) => [`${name} ${state}`, count] as const,
      ),
    ),
  );
  await compareValue(prometheus, { metric: 'genwarden_tasks', by: ['pool', 'state'], expected });
});

test('waiting tasks by cause', async () => {
  const waiting = observed.jobs.flatMap(({ pool, tasks }) =>
    tasks!.flatMap(({ waitingFor }) => (waitingFor === null ? [] : [`${pool} ${waitingFor.reason}`])),
  );
  const expected = countOf(waiting);
  for (const cause of ['NoWorkers', 'PoolPaused', 'BudgetExhausted', 'Backoff', 'Dependency', 'Review'])
    expect(waiting.map((words) => words.split(' ')[1])).toContain(cause);
  await compareValue(prometheus, { metric: 'genwarden_tasks_waiting', by: ['pool', 'cause'], expected });
});

test('since when the oldest task is queued', async () => {
  const expected = sumOf(
    observed.pools.flatMap(({ name, oldestQueuedAt }) =>
      oldestQueuedAt === null ? [] : [[name, Date.parse(oldestQueuedAt) / 1000] as const],
    ),
  );
  const metric = 'genwarden_oldest_open_task_timestamp_seconds{state="queued"}';
  await compareValue(prometheus, { metric, by: ['pool'], expected });
});

test('nothing is overdue and no invariant is violated', async () => {
  await compareValue(prometheus, { metric: 'genwarden_overdue_tasks', by: [], expected: {} });
  await compareCounter(prometheus, { metric: 'genwarden_invariant_violations_total', by: [], expected: {} });
});
