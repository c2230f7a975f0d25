// Runs cases of an alert through `promtool test rules`, with the rules of `prometheus/genwarden.rules.yaml`.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { plainForm } from '../../../hack/rules/form.ts';
import { ruleGroups } from '../../../hack/rules/groups.ts';
import { windows } from '../../../hack/rules/objectives.ts';
import { promtool, type Promtool } from '../../support/prometheus.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { root } from '../../tidy/repository.ts';
import { healthy, type AlertCase } from './alertCase.ts';

const rulesFile = `${root}/prometheus/genwarden.rules.yaml`;
const rules = ruleGroups(plainForm).flatMap((group) => group.rules);

/** promtool prints nothing but `SUCCESS` for cases that hold, and the difference for each that does not. */
export async function runCases(alert: string, cases: readonly AlertCase[]): Promise<Promtool> {
  await using folder = await tempFolder('alert');
  const paths = await Promise.all(
    [...Map.groupBy(cases, intervalOf)].map(async ([interval, members]) => {
      const path = join(folder.path, `${alert}-${interval}.yaml`);
      const tests = members.map((each) => testOf(alert, each));
      await writeFile(path, stringify({ rule_files: [rulesFile], evaluation_interval: interval, tests }));
      return path;
    }),
  );
  return await promtool(['test', 'rules', ...paths]);
}

/** Evaluating all rules each minute takes long for days. */
function intervalOf({ atMinute }: AlertCase): string {
  if (atMinute > 1440) return '30m';
  return atMinute > 180 ? '5m' : '1m';
}

function testOf(alert: string, { what, series, atMinute, fires, also = [], values = {} }: AlertCase): object {
  const at = `${atMinute}m`;
  const exp_alerts = fires.map((fired) => {
    const { labels, annotations } = ruleOf(alert, fired.labels['metric']);
    return {
      exp_labels: { ...labels, ...fired.labels },
      exp_annotations: { ...annotations, ...expanded(annotations, fired) },
    };
  });
  const firing = fires.length > 0 ? [alert, ...also] : also;
  return {
    name: what,
    interval: '1m',
    input_series: Object.entries(changed(healthy(atMinute + 1), series)).map(([name, of]) => ({
      series: name,
      values: of,
    })),
    alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts }],
    promql_expr_test: [
      {
        expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: at,
        exp_samples: firing.map(alertSample),
      },
      // NaN is the only value that differs from itself.
      { expr: noNumber, eval_time: at, exp_samples: [] },
      ...Object.entries(values).map(([expr, value]) => ({
        expr,
        eval_time: at,
        exp_samples: value === undefined ? [] : [{ labels: '{}', value }],
      })),
    ],
  };
}

const noNumber = windows
  .map((window) => `genwarden:slo_errors:ratio_rate${window} != genwarden:slo_errors:ratio_rate${window}`)
  .join(' or ');

const alertSample = (alertname: string): object => ({ labels: `{alertname="${alertname}"}`, value: 1 });

const ruleOf = (alert: string, metric: string | undefined) =>
  rules.find((rule) => rule.alert === alert && (metric === undefined || rule.labels!['metric'] === metric))!;

/** The texts, with the labels of the alert in them. */
function expanded(
  annotations: Readonly<Record<string, string>> = {},
  { labels, summary }: AlertCase['fires'][number],
): Record<string, string> {
  const all = Object.entries(annotations).map(([key, text]) => [
    key,
    text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? ''),
  ]);
  return { ...Object.fromEntries(all), summary };
}

function changed(base: Readonly<Record<string, string>>, changes: AlertCase['series']): Record<string, string> {
  const removed = Object.keys(changes).filter((name) => changes[name] === undefined);
  const kept = Object.entries(base).filter(([name]) => !removed.some((start) => name.startsWith(start)));
  const added = Object.entries(changes).flatMap(([name, values]) => (values === undefined ? [] : [[name, values]]));
  return { ...Object.fromEntries(kept), ...Object.fromEntries(added) };
}
