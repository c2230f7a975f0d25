// The forms of the rules: as the chart's file, which Helm completes, and as a file for a plain Prometheus.

/** What a Prometheus evaluates. A recording rule has `record`, an alert has `alert`. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  /** How long the expression must hold before the alert fires. */
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** The objectives. Each share leaves the rest as the error budget. */
export interface Objectives<T = number> {
  /** Share of tasks that succeed. */
  readonly success: T;
  /** Share of results that arrive within `resultSeconds`, which is the bound of a bucket of the histogram. */
  readonly result: T;
  readonly resultSeconds: T;
  /** Share of recoveries that take at most `recoverySeconds`, which is the bound of a bucket of the histogram. */
  readonly recovery: T;
  readonly recoverySeconds: T;
}

export const defaultObjectives: Objectives = {
  success: 0.99,
  result: 0.95,
  resultSeconds: 300,
  recovery: 0.95,
  recoverySeconds: 10,
};

export interface RuleForm {
  readonly objectives: Objectives<number | string>;
  readonly runbookUrl: string;
  /** The matcher of the namespace, if the rules look at one only. */
  readonly namespace?: string;
}

/** The rules look at everything that this Prometheus scrapes. Installations in several namespaces are kept apart. */
export const plainForm: RuleForm = {
  objectives: defaultObjectives,
  runbookUrl: 'https://genwarden.dev/docs/runbooks',
};

/** Helm replaces what is between percent signs with the values of a release. */
export const chartForm: RuleForm = {
  objectives: {
    success: '%SUCCESS%',
    result: '%RESULT%',
    resultSeconds: '%RESULT_SECONDS%',
    recovery: '%RECOVERY%',
    recoverySeconds: '%RECOVERY_SECONDS%',
  },
  runbookUrl: '%RUNBOOK_URL%',
  namespace: 'namespace="%NAMESPACE%"',
};

/** Selects the series of `metric` with all matchers, such as `state="queued"`. */
export function select({ namespace }: Pick<RuleForm, 'namespace'>, metric: string, ...matchers: string[]): string {
  const all = namespace === undefined ? matchers : [namespace, ...matchers];
  return all.length === 0 ? metric : `${metric}{${all.join(',')}}`;
}
