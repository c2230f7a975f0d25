// The panels of the service level objectives. They compute from the metrics themselves, so they also work without the recording rules.

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { defaultObjectives } from '../rules/form.ts';
import { slos, type SloName } from '../rules/objectives.ts';
import { badBelow, worseFrom, type Steps } from './colours.ts';
import { lines, number, type Panel } from './panels.ts';
import { orZero } from './queries.ts';

const form = {
  objectives: {
    success: '$success',
    result: '$result',
    resultSeconds: '$resultSeconds',
    recovery: '$recovery',
    recoverySeconds: '$recoverySeconds',
  },
  runbookUrl: '',
  namespace: 'namespace=~"$namespace"',
};

const titles: Readonly<Record<SloName, string>> = {
  success: 'Success',
  result: 'Results in time',
  recovery: 'Recoveries in time',
};

const short: Readonly<Record<SloName, string>> = { success: 'Success', result: 'Results', recovery: 'Recovery' };

const runbooks: Readonly<Record<SloName, string>> = {
  success: 'GenwardenSuccessBurnFast',
  result: 'GenwardenResultBurnFast',
  recovery: 'GenwardenRecoverySlow',
};

const descriptions: Readonly<Record<SloName, string>> = {
  success:
    'Share of the tasks that succeeded, of those that succeeded or failed in this time range. Tasks that were cancelled, rejected by a reviewer, refused by safety or submitted with bad input do not count.',
  result: 'Share of the results of this time range that arrived in time, by default within 300 s of the submit.',
  recovery:
    'Share of the recoveries of this time range in which a task of a lost worker was running again or terminal in time, by default within 10 s.',
};

/** The objectives as variables that no menu shows. The chart sets them to its `metrics.objectives`. */
export const objectiveVariables = (): Builder<dashboard.VariableModel>[] =>
  Object.entries(defaultObjectives).map(([name, objective]) => {
    const constant = new dashboard.ConstantVariableBuilder(name).value(String(objective)).build();
    return { build: () => ({ ...constant, hide: dashboard.VariableHide.HideVariable, skipUrlSync: true }) };
  });

/** The share of good events in the time range of the dashboard. */
export const attained = (name: SloName): Panel =>
  number(titles[name], {
    description: descriptions[name],
    link: runbooks[name],
    unit: 'percentunit',
    steps: badBelow(defaultObjectives[name]),
    queries: [['', `1 - ${errorShare(name, '$__range')}`]],
    nothing: 'None yet',
  });

/** What is left of the errors that 30 days may have; all of it without events. */
export const budgetLeft = (name: SloName): Panel =>
  number(`${short[name]}: budget left`, {
    description:
      'What is left of the errors that the objective allows in 30 days. Below 0, the objective is missed. All of it is left without events.',
    link: 'alerts.md',
    unit: 'percentunit',
    steps: budgetSteps,
    queries: [['', `1 - (${orZero(`${errorShare(name, '30d')} >= 0`, 'controller')}) / (1 - $${name})`]],
  });

const budgetSteps: Steps = [
  [null, 'red'],
  [0.1, 'orange'],
  [0.5, 'green'],
];

/** How many times faster than allowed the budget is spent. */
export const burnRates = (): Panel =>
  lines('Burn rate of the error budgets, 1 h', {
    description:
      'How many times faster than the objective allows errors occurred in the last hour. At 1 the budget lasts 30 days, at 14.4 two days. Alerts compare it with a shorter window.',
    link: 'alerts.md',
    unit: 'short',
    width: 12,
    steps: worseFrom(1, 14.4),
    queries: slos.map(({ name }) => [
      titles[name],
      `(${orZero(`${errorShare(name, '1h')} >= 0`, 'controller')}) / (1 - $${name})`,
    ]),
  });

/** NaN without events. */
function errorShare(name: SloName, window: string): string {
  const { events, errors } = slos.find((slo) => slo.name === name)!;
  const [bad, all] = [errors(form, window), events(form, window)].map(
    (expr) => `sum (${expr.replaceAll(/\s+/g, ' ')})`,
  );
  return `(${orZero(bad!, 'controller')}) / ${all}`;
}
