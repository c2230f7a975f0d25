// The service level objectives: what counts as an event and as an error, and the rules that record their ratio.

import type { TaskErrorCode } from '../../src/job/errors/index.ts';
import { select, type Objectives, type Rule, type RuleForm } from './form.ts';

export const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
export type Window = (typeof windows)[number];

export type SloName = 'success' | 'result' | 'recovery';

/** What the expressions of an objective depend on. */
export type SloForm = Pick<RuleForm, 'namespace' | 'objectives'>;

interface Slo {
  readonly name: SloName;
  readonly objective: keyof Objectives;
  /** Expressions for the increase of all events and of errors in any window, such as `30d`. Both have the label `namespace` only. */
  readonly events: (form: SloForm, window: string) => string;
  readonly errors: (form: SloForm, window: string) => string;
}

/** Failures that are no fault of the installation: what the client asked for, or what a person or a safety filter decided. */
export const notCounted: Readonly<Record<string, readonly TaskErrorCode[]>> = {
  'rejected by a reviewer, or not reviewed': ['RejectedInReview', 'ReviewTimeout'],
  'refused by safety': ['PromptRefused', 'OutputRefused'],
  'bad input': [
    'RequestRefused',
    'ReferenceNotFound',
    'SchemaUncheckable',
    'DependencyOutputMissing',
    'DependencyOutputTooLarge',
  ],
  'counted for the task that it depends on': ['DependencyFailed'],
};

const counted = `reason!~"${Object.values(notCounted).flat().join('|')}"`;

/** Prometheus 3 stores the bound 300 as `300.0`; older versions keep it as it was scraped. */
const upTo = (seconds: number | string): string => `le=~"${seconds}([.]0)?"`;

const total = (form: SloForm, window: string, metric: string, ...matchers: string[]): string =>
  `sum by (namespace) (increase(${select(form, metric, ...matchers)}[${window}]))`;

/** Events that took longer than `seconds`. Extrapolation can make the difference slightly negative. */
function slower(form: SloForm, window: string, histogram: string, seconds: number | string, ...matchers: string[]) {
  const all = total(form, window, `${histogram}_count`, ...matchers);
  const inTime = total(form, window, `${histogram}_bucket`, ...matchers, upTo(seconds));
  return `clamp_min(\n  ${all}\n  -\n  ${inTime}, 0)`;
}

export const slos: readonly Slo[] = [
  {
    name: 'success',
    objective: 'success',
    events: (form, window) =>
      total(form, window, 'genwarden_tasks_finished_total', 'outcome=~"succeeded|failed"', counted),
    errors: (form, window) => total(form, window, 'genwarden_tasks_finished_total', 'outcome="failed"', counted),
  },
  {
    name: 'result',
    objective: 'result',
    events: (form, window) => total(form, window, 'genwarden_task_duration_seconds_count', 'outcome="succeeded"'),
    errors: (form, window) =>
      slower(form, window, 'genwarden_task_duration_seconds', form.objectives.resultSeconds, 'outcome="succeeded"'),
  },
  {
    name: 'recovery',
    objective: 'recovery',
    events: (form, window) => total(form, window, 'genwarden_recovery_duration_seconds_count'),
    errors: (form, window) =>
      slower(form, window, 'genwarden_recovery_duration_seconds', form.objectives.recoverySeconds),
  },
];

export const eventsRecord = (window: Window): string => `genwarden:slo_events:increase${window}`;
const errorsRecord = (window: Window): string => `genwarden:slo_errors:increase${window}`;
const ratioRecord = (window: Window): string => `genwarden:slo_errors:ratio_rate${window}`;

/** The recorded share of errors of an objective in a window. 0 without events. */
export const errorRatio = (form: Pick<RuleForm, 'namespace'>, slo: SloName, window: Window): string =>
  select(form, ratioRecord(window), `slo="${slo}"`);

/** The longest queue that any controller shows, by pool, because a new leader continues in a new series. */
export const queuedRecord = 'genwarden:queued_tasks:max';

export function recordingRules(form: RuleForm): Rule[] {
  return [...windows.flatMap((window) => rulesOf(form, window)), queuedRule(form)];
}

function rulesOf(form: RuleForm, window: Window): Rule[] {
  const [events, errors] = [eventsRecord(window), errorsRecord(window)].map((record) => select(form, record));
  return [
    ...slos.map((slo) => ({ record: eventsRecord(window), expr: slo.events(form, window), labels: { slo: slo.name } })),
    ...slos.map((slo) => ({
      record: errorsRecord(window),
      // 0 while there are events and no series of errors yet.
      expr: `${slo.errors(form, window)}\nor on (namespace)\n0 * ${select(form, eventsRecord(window), `slo="${slo.name}"`)}`,
      labels: { slo: slo.name },
    })),
    // Without events the quotient would not be a number.
    { record: ratioRecord(window), expr: `${errors}\n/\n(${events} > 0)\nor\n0 * ${events}` },
  ];
}

const queuedRule = (form: RuleForm): Rule => ({
  record: queuedRecord,
  expr: `max by (namespace, pool) (${select(form, 'genwarden_tasks', 'state="queued"')})`,
});
