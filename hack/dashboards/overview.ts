// The first dashboard to look at: whether the objectives are met, what the tasks of all pools do, and what they cost.

import { badBelow, badFrom, neutral, worseFrom } from './colours.ts';
import { row, type Board } from './board.ts';
import { attained, budgetLeft, burnRates, objectiveVariables } from './objectives.ts';
import { areas, bars, lines, number } from './panels.ts';
import {
  aboveZero,
  age,
  inRange,
  level,
  orZero,
  perHour,
  perMinute,
  quantile,
  typicalAndSlow,
  withResult,
} from './queries.ts';

const objectives = row('Service level objectives', [
  attained('success'),
  attained('result'),
  attained('recovery'),
  burnRates(),
  budgetLeft('success'),
  budgetLeft('result'),
  budgetLeft('recovery'),
]);

const now = row('Now', [
  number('Queued', {
    description: 'Tasks that wait for a worker. Look at the pool if the number keeps growing.',
    link: 'GenwardenQueueGrowing',
    unit: 'short',
    steps: neutral,
    queries: [['', level('', 'genwarden_tasks', 'state="queued"')]],
  }),
  number('Running', {
    description: 'Tasks that a worker is running.',
    link: 'concepts.md',
    unit: 'short',
    steps: neutral,
    queries: [['', level('', 'genwarden_tasks', 'state="running"')]],
  }),
  number('In review', {
    description: 'Results that wait for the decision of a person.',
    link: 'review.md',
    unit: 'short',
    steps: neutral,
    queries: [['', level('', 'genwarden_tasks', 'state="needs_review"')]],
  }),
  number('Oldest queued task', {
    description: 'Age of the oldest task in a queue. 0 if no task is queued.',
    link: 'GenwardenQueueGrowing',
    unit: 's',
    steps: worseFrom(60, 300),
    queries: [['', `max (${age('pool', 'genwarden_oldest_open_task_timestamp_seconds', 'state="queued"')})`]],
  }),
  number('Overdue', {
    description: 'Open tasks past their due time. Above 0 for a minute means that no controller acts on them.',
    link: 'GenwardenTasksOverdue',
    unit: 'short',
    steps: badFrom(1),
    queries: [['', orZero(level('', 'genwarden_overdue_tasks'), 'controller')]],
  }),
  number('Workers', {
    description: 'Workers that send heartbeats, in all pools.',
    link: 'GenwardenQueueWithoutWorkers',
    unit: 'short',
    steps: badBelow(1),
    queries: [['', level('', 'genwarden_workers')]],
  }),
]);

const tasks = row('Tasks', [
  areas('Open tasks by state', {
    description: 'Open tasks of all pools. A growing share of queued tasks means that workers or keys are missing.',
    link: 'lifecycle.md',
    unit: 'short',
    queries: [['{{state}}', level('state', 'genwarden_tasks')]],
  }),
  areas('Finished tasks by outcome', {
    description: 'Tasks a minute that became terminal.',
    link: 'GenwardenSuccessBurnFast',
    unit: 'suffix:/min',
    queries: [['{{outcome}}', perMinute('outcome', 'genwarden_tasks_finished_total')]],
  }),
  areas('Waiting tasks by cause', {
    description: 'Open tasks that do not run, each counted once, by the reason that `genwarden explain` gives.',
    link: 'troubleshooting.md',
    unit: 'short',
    queries: [['{{cause}}', aboveZero(level('cause', 'genwarden_tasks_waiting'), 'controller', 'cause')]],
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
          `topk(8, round(${inRange('reason', 'genwarden_tasks_finished_total', 'outcome="failed"')}))`,
          'controller',
          'reason',
        ),
      ],
    ],
  }),
  lines('Submit to result by pool, p95', {
    description: 'What users wait: 95 % of the tasks that succeeded in the last five minutes took at most this long.',
    link: 'GenwardenResultBurnFast',
    unit: 's',
    steps: badFrom(300),
    queries: [['{{pool}}', quantile(0.95, 'pool', 'genwarden_task_duration_seconds', 'outcome="succeeded"')]],
    nothing: 'No result yet',
  }),
  lines('Queued tasks by pool', {
    description: 'The depth of each queue. Open the dashboard Pool for one that grows.',
    link: 'GenwardenQueueGrowing',
    unit: 'short',
    queries: [['{{pool}}', level('pool', 'genwarden_tasks', 'state="queued"')]],
  }),
]);

const recovery = row('Recovery', [
  lines('Time to recover', {
    description: 'From the loss of a worker until its task runs again or is terminal. No line: nothing to recover.',
    link: 'GenwardenRecoverySlow',
    unit: 's',
    steps: badFrom(10),
    queries: typicalAndSlow('', 'genwarden_recovery_duration_seconds'),
    nothing: 'No worker was lost',
  }),
  areas('What the controller recovers', {
    description: 'Written verdicts a minute, by rule. Retries are normal; many lost workers or timeouts are not.',
    link: 'never-stuck.md',
    unit: 'suffix:/min',
    queries: [
      [
        '{{rule}}',
        aboveZero(perMinute('rule', 'genwarden_reconciliations_total', 'verdict="written"'), 'controller', 'rule'),
      ],
    ],
  }),
  lines('Overdue tasks by pool', {
    description: 'As the controller and the API count them: the API also counts while no controller runs.',
    link: 'GenwardenTasksOverdue',
    unit: 'short',
    steps: badFrom(1),
    queries: [['{{pool}}', level('pool', 'genwarden_overdue_tasks')]],
  }),
]);

const cost = row('Cost', [
  lines('Cost an hour by pool', {
    description: "What calls to providers cost, in the unit of the pool's prices.",
    link: 'bad-days.md',
    unit: 'short',
    queries: [['{{pool}}', perHour('pool', 'genwarden_cost_total')]],
    nothing: 'No pool has prices',
  }),
  bars('Share of the budget spent', {
    description: 'Spending of this day and month as a share of the budget of the pool. At 100 % its tasks wait.',
    link: 'bad-days.md',
    unit: 'percentunit',
    max: 1,
    steps: worseFrom(0.8, 1),
    queries: [
      [
        '{{pool}}, {{period}}',
        `${level('pool, period', 'genwarden_pool_spending')} / ${level('pool, period', 'genwarden_pool_budget')}`,
      ],
    ],
    nothing: 'No pool has a budget',
  }),
  lines('Paid calls and results', {
    description:
      'Calls that providers bill, and those of attempts that succeeded. The difference is paid without a result.',
    link: 'bad-days.md',
    unit: 'suffix:/min',
    queries: [
      ['paid', perMinute('', 'genwarden_paid_calls_total')],
      ['with a result', orZero(perMinute('', 'genwarden_paid_calls_total', withResult), 'worker')],
    ],
  }),
]);

export const overview: Board = {
  name: 'overview',
  title: 'Overview',
  description: 'Whether the objectives are met, what the tasks of all pools do, and what they cost.',
  variables: objectiveVariables(),
  rows: [objectives, now, tasks, recovery, cost],
};
