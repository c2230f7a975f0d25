// Cases of the alerts on tasks and queues: each just long enough, and just too short or too little.

import {
  counter,
  during,
  fires,
  gauge,
  inPool,
  lastOf,
  ofApi,
  ofLeader,
  ofPool,
  ofStandby,
  type AlertCase,
} from '../alertCase.ts';

const overdue = ofPool('genwarden_overdue_tasks');
const overdueSummary = 'Tasks of pool default are overdue';
const tasksOverdue: readonly AlertCase[] = [
  {
    what: 'for a minute',
    series: { [overdue]: during(0, 1, 2) },
    atMinute: lastOf(2),
    fires: fires(inPool, overdueSummary),
  },
  {
    what: 'as the API sees it, while no controller runs',
    series: {
      leader_: undefined,
      [overdue]: undefined,
      [ofApi('genwarden_overdue_tasks', 'pool="default"')]: during(0, 1, 2),
    },
    atMinute: lastOf(2),
    fires: fires(inPool, overdueSummary),
    also: ['GenwardenNoLeader'],
  },
  { what: 'for less than a minute', series: { [overdue]: during(0, 1, 1) }, atMinute: lastOf(1), fires: [] },
];

const violations = ofLeader('genwarden_invariant_violations_total', 'invariant="TerminalTaskChanged"');
const invariantViolated: readonly AlertCase[] = [
  {
    what: 'just now',
    series: { [violations]: gauge([60, 0], [1, 1]) },
    atMinute: 60,
    fires: fires(
      { namespace: 'genwarden', invariant: 'TerminalTaskChanged' },
      'Invariant TerminalTaskChanged was violated',
    ),
  },
  { what: 'over an hour ago', series: { [violations]: gauge([60, 0], [62, 1]) }, atMinute: 121, fires: [] },
  {
    what: 'before the controller changed: the new leader starts at the same count',
    series: {
      [violations]: undefined,
      [ofStandby('genwarden_invariant_violations_total', 'invariant="TerminalTaskChanged"')]: gauge([6, 1]),
    },
    atMinute: 5,
    fires: [],
  },
];

const queued = ofPool('genwarden_tasks', 'state="queued"');
const workers = ofPool('genwarden_workers');
const queueWithoutWorkers: readonly AlertCase[] = [
  {
    what: 'for 5 minutes',
    series: { [queued]: gauge([20, 1]), [workers]: during(2, 0, 6) },
    atMinute: lastOf(6),
    fires: fires(inPool, 'Pool default has queued tasks but no workers'),
  },
  {
    what: 'for less than 5 minutes',
    series: { [queued]: gauge([20, 1]), [workers]: during(2, 0, 5) },
    atMinute: lastOf(5),
    fires: [],
  },
  {
    what: 'no workers, but nothing to do',
    series: { [queued]: gauge([30, 0]), [workers]: gauge([30, 0]) },
    atMinute: 29,
    fires: [],
  },
];

const oldest = ofPool('genwarden_oldest_open_task_timestamp_seconds', 'state="queued"');
const queueGrowing: readonly AlertCase[] = [
  {
    what: 'by a task a minute for an hour',
    series: { [queued]: counter([61, 1]), [oldest]: gauge([61, 60]) },
    atMinute: 60,
    fires: fires(inPool, 'The queue of pool default keeps growing, to 61 tasks'),
  },
  {
    what: 'a minute earlier',
    series: { [queued]: counter([61, 1]), [oldest]: gauge([61, 60]) },
    atMinute: 59,
    fires: [],
  },
  {
    what: 'for an hour, but each task waits for less than 10 minutes',
    series: { [queued]: counter([90, 1]), [oldest]: '0+60x9 60+60x79' },
    atMinute: 89,
    fires: [],
  },
  ...[59, 60, 119].map((atMinute) => ({
    what: `a burst of 500 tasks at minute 30 that takes 100 minutes, at minute ${atMinute}`,
    series: { [queued]: `0x29 500-5x89`, [oldest]: gauge([30, 0], [90, 1800]) },
    atMinute,
    fires: [],
  })),
  {
    what: 'to 19 tasks',
    series: { [queued]: '0x59 19+0.01x90', [oldest]: gauge([60, 0], [91, 3600]) },
    atMinute: 149,
    fires: [],
  },
];

export const taskCases: Readonly<Record<string, readonly AlertCase[]>> = {
  GenwardenTasksOverdue: tasksOverdue,
  GenwardenInvariantViolated: invariantViolated,
  GenwardenQueueWithoutWorkers: queueWithoutWorkers,
  GenwardenQueueGrowing: queueGrowing,
};
