// An alert as this folder states it, and as Prometheus takes it.

import type { Rule, RuleForm } from './form.ts';

export interface Alert {
  readonly name: string;
  readonly severity: 'critical' | 'warning';
  readonly expr: (form: RuleForm) => string;
  /** Longer than the faults last that Genwarden recovers from by itself. Absent: fires at once. */
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** One line, in which Prometheus replaces `{{ $labels.pool }}` and the like. */
  readonly summary: string;
  /** What it means and what to do first. The runbook has the rest. */
  readonly description: string;
}

export function alertRule(alert: Alert, form: RuleForm): Rule {
  const { name, severity, expr, labels, summary, description } = alert;
  return {
    alert: name,
    expr: expr(form),
    ...(alert.for === undefined ? {} : { for: alert.for }),
    labels: { severity, ...labels },
    annotations: { summary, description, runbook_url: `${form.runbookUrl}/${name}.md` },
  };
}
