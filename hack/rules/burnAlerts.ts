// Alerts on the rate at which the error budget of an objective burns.
// Windows and factors: The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".

import type { Alert } from './alert.ts';
import { select, type RuleForm } from './form.ts';
import { errorRatio, eventsRecord, slos, type SloName, type Window } from './objectives.ts';

interface Burn {
  /** How many times faster than sustainable the budget burns. */
  readonly factor: number;
  readonly long: Window;
  /** Ends the alert soon after the errors end. */
  readonly short: Window;
}

/** In the long window: 2 % of the budget of 30 days in an hour, or 5 % in 6 hours. */
const fast: readonly Burn[] = [
  { factor: 14.4, long: '1h', short: '5m' },
  { factor: 6, long: '6h', short: '30m' },
];

/** 10 % of the budget of 30 days in a day or in 3 days. */
const slow: readonly Burn[] = [
  { factor: 3, long: '1d', short: '2h' },
  { factor: 1, long: '3d', short: '6h' },
];

/** The budget burns that fast in both windows, and the long one has enough events to tell. */
function burns(form: RuleForm, name: SloName, minimumEvents: number, rates: readonly Burn[]): string {
  const { objective } = slos.find((slo) => slo.name === name)!;
  const budget = `(1 - ${form.objectives[objective]})`;
  const conditions = rates.map(
    ({ factor, long, short }) =>
      `${errorRatio(form, name, long)} > ${factor} * ${budget}\n` +
      `and ${errorRatio(form, name, short)} > ${factor} * ${budget}\n` +
      `and ${select(form, eventsRecord(long), `slo="${name}"`)} >= ${minimumEvents}`,
  );
  return conditions.join('\nor\n');
}

export const burnAlerts: readonly Alert[] = [
  {
    name: 'GenwardenSuccessBurnFast',
    severity: 'critical',
    expr: (form) => burns(form, 'success', 10, fast),
    for: '2m',
    summary: '{{ $value | humanizePercentage }} of tasks fail',
    description:
      'At this rate, the error budget of 30 days is gone within 5 days at most. Run `genwarden list --state failed` and compare the reasons of the failures.',
  },
  {
    name: 'GenwardenSuccessBurnSlow',
    severity: 'warning',
    expr: (form) => burns(form, 'success', 30, slow),
    for: '15m',
    summary: '{{ $value | humanizePercentage }} of tasks fail',
    description:
      'If this continues, the success ratio of 30 days misses its objective. Run `genwarden top --once`, and compare the reasons of the failures.',
  },
  {
    name: 'GenwardenResultBurnFast',
    severity: 'critical',
    expr: (form) => burns(form, 'result', 10, fast),
    for: '2m',
    summary: '{{ $value | humanizePercentage }} of results are late',
    description:
      'Tasks succeed, but later than the objective allows. Run `genwarden top --once` to see what tasks wait for.',
  },
  {
    name: 'GenwardenResultBurnSlow',
    severity: 'warning',
    expr: (form) => burns(form, 'result', 30, slow),
    for: '15m',
    summary: '{{ $value | humanizePercentage }} of results are late',
    description:
      'If this continues, the time to result of 30 days misses its objective. Run `genwarden workers -o wide` to see whether slots are missing.',
  },
  {
    name: 'GenwardenRecoverySlow',
    severity: 'warning',
    expr: (form) => burns(form, 'recovery', 5, fast),
    // Recoveries come at once when a worker is lost: 5 minutes later, the short window has none any more.
    for: '1m',
    summary: '{{ $value | humanizePercentage }} of recoveries are late',
    description:
      'Tasks of lost workers run again later than the objective allows. Run `genwarden workers` to see whether free workers are missing.',
  },
];
