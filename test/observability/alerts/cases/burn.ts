// Cases of the alerts on error budgets: just above and just below each burn rate, few events, and how soon they end.

import {
  counter,
  failed,
  gauge,
  recoveries,
  recoveriesInTime,
  results,
  resultsInTime,
  succeeded,
} from '../alertCase.ts';
import type { AlertCase, Values } from '../alertCase.ts';

type Phase = readonly [minutes: number, perMinute: number];

/** Tasks that succeed or fail, of 100 a minute. */
const failing = (...phases: Phase[]): Record<string, Values> => ({
  [succeeded]: counter(...phases.map(([minutes, perMinute]) => [minutes, 100 - perMinute] as const)),
  [failed('ProviderUnavailable')]: counter(...phases),
});

/** Results in time or late, of 100 a minute. */
const late = (...phases: Phase[]): Record<string, Values> => ({
  [results]: counter(...phases.map(([minutes]) => [minutes, 100] as const)),
  [resultsInTime]: counter(...phases.map(([minutes, perMinute]) => [minutes, 100 - perMinute] as const)),
});

const fires = (slo: string, share: string, what: string): AlertCase['fires'] => [
  { labels: { namespace: 'genwarden', slo }, summary: `${share} of ${what}` },
];

const hours = (count: number): number => count * 60;
const days = (count: number): number => count * hours(24);

const nothing = (minutes: number): Record<string, Values> =>
  Object.fromEntries([succeeded, results, resultsInTime].map((series) => [series, gauge([minutes, 0])]));

/** One task at once in every pause. */
const seldom = (count: number, pause: number): Values =>
  counter(...Array.from({ length: count }).flatMap(() => [[1, 1] as const, [pause - 1, 0] as const]));

const successFast: readonly AlertCase[] = [
  {
    what: '15 % of tasks fail for an hour: 15 times the budget',
    series: failing([hours(6), 0], [70, 15]),
    atMinute: hours(6) + 69,
    fires: fires('success', '15%', 'tasks fail'),
    also: ['GenwardenSuccessBurnSlow'],
  },
  {
    what: '14 % of tasks fail for an hour: 14 times the budget',
    series: failing([hours(6), 0], [70, 14]),
    atMinute: hours(6) + 69,
    fires: [],
    also: ['GenwardenSuccessBurnSlow'],
  },
  {
    what: '7 % of tasks fail for 6 hours: 7 times the budget',
    series: failing([hours(6), 7]),
    atMinute: hours(6) - 1,
    fires: fires('success', '7%', 'tasks fail'),
    also: ['GenwardenSuccessBurnSlow'],
  },
  {
    what: '5.9 % of tasks fail for 6 hours',
    series: failing([hours(6), 5.9]),
    atMinute: hours(6) - 1,
    fires: [],
    also: ['GenwardenSuccessBurnSlow'],
  },
  {
    what: 'all tasks fail for 17 minutes',
    series: failing([hours(6), 0], [17, 100]),
    atMinute: hours(6) + 16,
    // Prometheus extrapolates each series to the ends of the window.
    fires: fires('success', '26.79%', 'tasks fail'),
  },
  {
    what: 'it is over 9 minutes after that, although the hour looks as bad as before',
    series: failing([hours(6), 0], [17, 100], [9, 0]),
    atMinute: hours(6) + 25,
    fires: [],
    also: ['GenwardenSuccessBurnSlow'],
    values: { 'sum(genwarden:slo_errors:ratio_rate1h{slo="success"} > bool 0.144)': 1 },
  },
  {
    what: '10 tasks of an hour fail, and no other runs',
    series: { ...nothing(63), [failed('ProviderError')]: counter([50, 0], [10, 1], [3, 0]) },
    atMinute: 62,
    fires: fires('success', '100%', 'tasks fail'),
  },
  {
    what: '9 tasks of an hour fail, and no other runs',
    series: { ...nothing(63), [failed('ProviderError')]: counter([50, 0], [9, 1], [4, 0]) },
    atMinute: 62,
    fires: [],
    values: { 'sum(genwarden:slo_errors:ratio_rate1h{slo="success"})': 1 },
  },
  {
    what: 'all tasks fail for reasons that do not count',
    series: {
      ...nothing(60),
      [failed('PromptRefused')]: counter([60, 10]),
      [failed('RejectedInReview')]: counter([60, 10]),
      [failed('RequestRefused')]: counter([60, 10]),
      [failed('ProviderUnavailable').replace('failed', 'cancelled')]: counter([60, 10]),
    },
    atMinute: 59,
    fires: [],
    values: { 'sum(genwarden:slo_errors:ratio_rate1h{slo="success"})': 0 },
  },
  {
    what: 'nothing runs',
    series: nothing(60),
    atMinute: 59,
    fires: [],
    values: { 'sum(genwarden:slo_errors:ratio_rate5m)': 0, 'count(genwarden:slo_errors:ratio_rate5m)': 3 },
  },
];

const successSlow: readonly AlertCase[] = [
  {
    what: '1.1 % of tasks fail for 3 days',
    series: failing([days(3), 1.1]),
    atMinute: days(3) - 30,
    fires: fires('success', '1.1%', 'tasks fail'),
  },
  { what: '0.9 % of tasks fail for 3 days', series: failing([days(3), 0.9]), atMinute: days(3) - 30, fires: [] },
  {
    what: 'it is over 6 hours after 16 hours at 5 %, although the 3 days look bad',
    series: failing([days(3) - hours(22), 0], [hours(16), 5], [hours(6) + 5, 0]),
    atMinute: days(3),
    fires: [],
    values: { 'sum(genwarden:slo_errors:ratio_rate3d{slo="success"} > bool 0.01)': 1 },
  },
  {
    what: '32 tasks in 3 days, which all fail',
    series: { ...nothing(days(3)), [failed('ProviderError')]: seldom(32, 135) },
    atMinute: 32 * 135 - 30,
    fires: fires('success', '100%', 'tasks fail'),
  },
  {
    what: '28 tasks in 3 days, which all fail',
    series: { ...nothing(days(3)), [failed('ProviderError')]: seldom(28, 154) },
    atMinute: 28 * 154 - 7 - 15,
    fires: [],
  },
];

const resultFast: readonly AlertCase[] = [
  {
    what: '73 % of results are late for an hour: 14.6 times the budget',
    series: late([hours(6), 0], [70, 73]),
    atMinute: hours(6) + 69,
    fires: fires('result', '73%', 'results are late'),
    also: ['GenwardenResultBurnSlow'],
  },
  {
    what: '71 % of results are late for an hour: 14.2 times the budget',
    series: late([hours(6), 0], [70, 71]),
    atMinute: hours(6) + 69,
    fires: [],
    also: ['GenwardenResultBurnSlow'],
  },
  {
    what: '31 % of results are late for 6 hours, in a Prometheus that keeps the bound as 300',
    series: { [resultsInTime]: undefined, ...asInPrometheus2(late([hours(6), 31])) },
    atMinute: hours(6) - 1,
    fires: fires('result', '31%', 'results are late'),
    also: ['GenwardenResultBurnSlow'],
  },
  {
    what: '29 % of results are late for 6 hours',
    series: late([hours(6), 29]),
    atMinute: hours(6) - 1,
    fires: [],
    also: ['GenwardenResultBurnSlow'],
  },
];

function asInPrometheus2(series: Record<string, Values>): Record<string, Values> {
  return Object.fromEntries(Object.entries(series).map(([name, values]) => [name.replace('300.0', '300'), values]));
}

const resultSlow: readonly AlertCase[] = [
  {
    what: '5.5 % of results are late for 3 days',
    series: late([days(3), 5.5]),
    atMinute: days(3) - 30,
    fires: fires('result', '5.5%', 'results are late'),
  },
  { what: '4.5 % of results are late for 3 days', series: late([days(3), 4.5]), atMinute: days(3) - 30, fires: [] },
];

/** Recoveries at once after an hour without. */
const recovering = (count: number, inTime: number): Record<string, Values> => ({
  [recoveries]: counter([60, 0], [1, count], [2, 0]),
  [recoveriesInTime]: counter([60, 0], [1, inTime], [2, 0]),
});

const recoverySlow: readonly AlertCase[] = [
  {
    what: '4 of 10 recoveries are late',
    series: recovering(10, 6),
    atMinute: 61,
    fires: fires('recovery', '40%', 'recoveries are late'),
  },
  { what: '4 of 10 recoveries are late, a minute earlier', series: recovering(10, 6), atMinute: 60, fires: [] },
  { what: '3 of 10 recoveries are late', series: recovering(10, 7), atMinute: 61, fires: [] },
  {
    what: '5 recoveries are late, and no other is needed',
    series: recovering(5, 0),
    atMinute: 61,
    fires: fires('recovery', '100%', 'recoveries are late'),
  },
  { what: '4 recoveries are late, and no other is needed', series: recovering(4, 0), atMinute: 61, fires: [] },
];

export const burnCases: Readonly<Record<string, readonly AlertCase[]>> = {
  GenwardenSuccessBurnFast: successFast,
  GenwardenSuccessBurnSlow: successSlow,
  GenwardenResultBurnFast: resultFast,
  GenwardenResultBurnSlow: resultSlow,
  GenwardenRecoverySlow: recoverySlow,
};
