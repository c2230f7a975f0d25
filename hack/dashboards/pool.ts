// One pool: its queue, its workers and keys, how long its tasks take, and what they cost.

import { row, oneOf, type Board } from './board.ts';
import { badBelow, badFrom, neutral, worseFrom } from './colours.ts';
import { areas, bars, lines, number, states } from './panels.ts';
import {
  aboveZero,
  age,
  greatest,
  inRange,
  level,
  perHour,
  perMinute,
  total,
  typicalAndSlow,
  withResult,
} from './queries.ts';

const own = 'pool="$pool"';

const now = row('Now', [
  number('Queued', {
    description: 'Tasks that wait for a worker of this pool.',
    link: 'GenwardenQueueGrowing',
    unit: 'short',
    steps: neutral,
    queries: [['', level('', 'genwarden_tasks', `${own},state="queued"`)]],
  }),
  number('Oldest queued task', {
    description: 'Age of the oldest task in the queue. 0 if no task is queued.',
    link: 'GenwardenQueueGrowing',
    unit: 's',
    steps: worseFrom(60, 300),
    queries: [['', age('', 'genwarden_oldest_open_task_timestamp_seconds', `${own},state="queued"`)]],
  }),
  number('Workers', {
    description: 'Workers that send heartbeats. With 0, queued tasks wait.',
    link: 'GenwardenQueueWithoutWorkers',
    unit: 'short',
    steps: badBelow(1),
    queries: [['', level('', 'genwarden_workers', own)]],
  }),
  number('Busy slots', {
    description: 'The share of slots that run a task. At 100 % tasks queue: add workers, or raise the concurrency.',
    link: 'autoscaling.md',
    unit: 'percentunit',
    steps: neutral,
    queries: [['', `${total('', 'genwarden_slots', `${own},state="busy"`)} / ${total('', 'genwarden_slots', own)}`]],
    nothing: 'No slots',
  }),
  number('Keys that are ready', {
    description: 'API keys that may be used now. With 0 for minutes, tasks wait for a key.',
    link: 'GenwardenKeysExhausted',
    unit: 'short',
    steps: badBelow(1),
    queries: [['', level('', 'genwarden_keys', `${own},state="ready"`)]],
  }),
  number('Pool', {
    description: 'In a paused pool no task starts, and tasks fail with `QueueTimeout` if they wait too long.',
    link: 'operations.md#a-paused-pool',
    unit: 'short',
    words: ['Active', 'Paused'],
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
    queries: [['', greatest('', 'genwarden_pool_paused', own)]],
  }),
]);

const tasks = row('Tasks', [
  areas('Open tasks by state', {
    description: 'Open tasks of the pool.',
    link: 'lifecycle.md#states',
    unit: 'short',
    queries: [['{{state}}', level('state', 'genwarden_tasks', own)]],
  }),
  areas('Waiting tasks by cause', {
    description: 'Open tasks that do not run, each counted once, by the reason that `genwarden explain` gives.',
    link: 'lifecycle.md#what-a-task-waits-for',
    unit: 'short',
    queries: [['{{cause}}', aboveZero(level('cause', 'genwarden_tasks_waiting', own), 'controller', 'cause')]],
  }),
  areas('Finished tasks by outcome', {
    description: 'Tasks a minute that became terminal.',
    link: 'GenwardenSuccessBurnFast',
    unit: 'suffix:/min',
    queries: [['{{outcome}}', perMinute('outcome', 'genwarden_tasks_finished_total', own)]],
  }),
  lines('Oldest open task by state', {
    description: 'How long the oldest task has been in each state. A line that rises for long is a task that waits.',
    link: 'operations.md#by-symptom',
    unit: 's',
    queries: [['{{state}}', age('state', 'genwarden_oldest_open_task_timestamp_seconds', own)]],
  }),
  bars('Failed tasks by reason', {
    description: 'Failed tasks of this time range by the code of their error.',
    link: 'errors.md',
    unit: 'short',
    steps: neutral,
    queries: [
      [
        '{{reason}}',
        aboveZero(
          `topk(8, round(${inRange('reason', 'genwarden_tasks_finished_total', `${own},outcome="failed"`)}))`,
          'controller',
          'reason',
        ),
      ],
    ],
  }),
  areas('Submits by outcome', {
    description: 'Submits a minute. Refused submits have a code, which the next dashboards show for all pools.',
    link: 'errors.md',
    unit: 'suffix:/min',
    queries: [['{{outcome}}', perMinute('outcome', 'genwarden_submits_total', own)]],
  }),
]);

const durations = row('Durations', [
  lines('Submit to result', {
    description: 'What users wait for results, without time in review. Tasks of the last five minutes.',
    link: 'GenwardenResultBurnFast',
    unit: 's',
    steps: badFrom(300),
    queries: typicalAndSlow('', 'genwarden_task_duration_seconds', `${own},outcome="succeeded"`),
    nothing: 'No result yet',
  }),
  lines('Time in the queue', {
    description: 'From queued to claimed by a worker. If it grows, add workers or keys.',
    link: 'GenwardenQueueGrowing',
    unit: 's',
    steps: badFrom(60),
    queries: typicalAndSlow('', 'genwarden_task_queue_duration_seconds', own),
    nothing: 'No task was claimed yet',
  }),
  lines('Duration of attempts', {
    description: "From claim to the end of the attempt. Compare with the policy's `attemptTimeout`.",
    link: 'lifecycle.md#attempts',
    unit: 's',
    queries: typicalAndSlow('', 'genwarden_attempt_duration_seconds', own),
    nothing: 'No attempt yet',
  }),
]);

const workers = row('Workers and keys', [
  areas('Slots by state', {
    description: 'Leaked slots are calls to the provider that ignore their abort: restart the worker.',
    link: 'operations.md#a-provider-that-hangs',
    unit: 'short',
    queries: [['{{state}}', total('state', 'genwarden_slots', own)]],
  }),
  lines('Workers', {
    description: 'Workers that send heartbeats. A drop without a deployment is a lost worker.',
    link: 'operations.md#a-lost-worker',
    unit: 'short',
    queries: [['workers', level('', 'genwarden_workers', own)]],
  }),
  lines('Memory of attempts', {
    description: 'What attempts have taken of the memory of the workers. At the limit, tasks wait for memory.',
    link: 'operations.md#memory-of-workers',
    unit: 'bytes',
    queries: [
      ['taken', total('', 'genwarden_worker_memory_in_flight_bytes', own)],
      ['limit', total('', 'genwarden_worker_memory_limit_bytes', own)],
    ],
  }),
  areas('Keys by state', {
    description: 'A refused key must be replaced. Cooling keys are limited by the provider.',
    link: 'GenwardenKeysRefused',
    unit: 'short',
    queries: [['{{state}}', level('state', 'genwarden_keys', own)]],
  }),
  areas('Cool-downs of keys by cause', {
    description: 'Many by `RateLimited`: the configured requests per minute are too high.',
    link: 'bad-days.md#keys-and-rate-limits',
    unit: 'suffix:/min',
    queries: [['{{cause}}', aboveZero(perMinute('cause', 'genwarden_key_cooldowns_total', own), 'worker', 'cause')]],
  }),
  states('Outages by model', {
    description: 'While the provider fails for every task of a model, its tasks wait.',
    link: 'GenwardenProviderOutage',
    unit: 'short',
    words: ['Available', 'Outage'],
    steps: badFrom(1),
    queries: [['{{model}}', greatest('model', 'genwarden_provider_outage', own)]],
  }),
]);

const money = row('Cost', [
  lines('Spending and budget of the day', {
    description: "In the unit of the pool's prices. At the budget, tasks wait until the next day.",
    link: 'bad-days.md#budgets',
    unit: 'short',
    queries: [
      ['spent', level('', 'genwarden_pool_spending', `${own},period="day"`)],
      ['budget', level('', 'genwarden_pool_budget', `${own},period="day"`)],
    ],
    nothing: 'The pool has no prices',
  }),
  lines('Cost an hour by model', {
    description: "What calls cost, in the unit of the pool's prices.",
    link: 'bad-days.md#budgets',
    unit: 'short',
    queries: [['{{model}}', perHour('model', 'genwarden_cost_total', own)]],
    nothing: 'The pool has no prices',
  }),
  lines('Attempts per success', {
    description:
      'Attempts that ended for each that succeeded, in this time range. More than a few percent above 1 costs money.',
    link: 'lifecycle.md#attempts',
    unit: 'short',
    steps: worseFrom(1.2, 2),
    queries: [
      [
        'attempts per success',
        `${inRange('', 'genwarden_attempts_total', own)} / (${inRange('', 'genwarden_attempts_total', `${own},${withResult}`)} > 0)`,
      ],
    ],
    nothing: 'No success yet',
  }),
]);

export const pool: Board = {
  name: 'pool',
  title: 'Pool',
  description: 'One pool: its queue, its workers and keys, how long its tasks take, and what they cost.',
  variables: [oneOf('pool', 'genwarden_tasks{namespace=~"$namespace"}')],
  rows: [now, tasks, durations, workers, money],
};
