// The rules for Prometheus: generated files, names, labels and annotations. What they evaluate to is tested with promtool.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ruleFiles } from '../../../hack/prometheus-rules.ts';
import { twins } from '../../../hack/rules/absentAlerts.ts';
import { chartForm, defaultObjectives, plainForm, type Rule } from '../../../hack/rules/form.ts';
import { alertNames, ruleGroups } from '../../../hack/rules/groups.ts';
import { notCounted, slos } from '../../../hack/rules/objectives.ts';
import { taskErrors } from '../../../src/job/errors/task.ts';
import { metricList } from '../../../src/telemetry/metrics.ts';
import { root } from '../../tidy/repository.ts';
import { chartValues } from '../chart/files.ts';
import { groupingLabels, selectorsOf } from './expressions.ts';

const rules = ruleGroups(plainForm).flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const recorded = new Map(rules.flatMap((rule) => (rule.record === undefined ? [] : [[rule.record, rule] as const])));

const byText = (a: string, b: string): number => a.localeCompare(b);

test.each([...ruleFiles()])('%s is generated (node hack/prometheus-rules.ts writes it)', (path, expected) => {
  expect(readFileSync(`${root}/${path}`, 'utf8')).toBe(expected);
});

test('there are 20 alerts', () => {
  expect(alertNames.length).toBe(20);
});

describe('expressions', () => {
  test('selectors are found', () => {
    const expr =
      'max by (pool) (a_total{pool="x y",state=~"b|c{}"}[5m]) / on (pool) (x:y:z offset 5m > 0) or vector(1)';
    expect(selectorsOf(expr)).toEqual([
      { metric: 'a_total', labels: ['pool', 'state'] },
      { metric: 'x:y:z', labels: [] },
    ]);
    expect(groupingLabels(expr)).toEqual(['pool', 'pool']);
  });

  test.each(rules.map((rule) => [nameOf(rule), rule.expr] as const))(
    '%s uses existing metrics and labels',
    (_, expr) => {
      expect(selectorsOf(expr).length).toBeGreaterThan(0);
      const unknown = selectorsOf(expr).flatMap(({ metric, labels }) => {
        const known = labelsOfSeries(metric);
        return known === undefined ? [metric] : labels.filter((label) => !known.includes(label));
      });
      expect(unknown).toEqual([]);
      const all = selectorsOf(expr).flatMap(({ metric }) => labelsOfSeries(metric) ?? []);
      expect(groupingLabels(expr).filter((label) => !all.includes(label))).toEqual([]);
    },
  );

  test('the rules of the chart look at one namespace only', () => {
    for (const { expr } of ruleGroups(chartForm).flatMap((group) => group.rules))
      for (const { labels } of selectorsOf(expr)) expect(labels).toContain('namespace');
  });

  test('recording rules keep the namespace', () => {
    for (const { expr } of recorded.values()) expect(expr).toMatch(/by \(namespace|genwarden:slo_events:/);
  });
});

const nameOf = ({ record, alert, labels }: Rule): string =>
  [record ?? alert, labels?.['slo'], labels?.['metric']].filter((part) => part !== undefined).join(' ');

/** Of a metric, of a series of a histogram, or of a recording rule; `namespace` comes from the target. */
function labelsOfSeries(name: string): readonly string[] | undefined {
  if (recorded.has(name)) return ['namespace', 'pool', 'slo'];
  const suffix = /_(?:bucket|sum|count)$/.exec(name)?.[0] ?? '';
  const of = metricList.filter((metric) => metric.name === name);
  const histograms = metricList.filter((metric) => metric.type === 'histogram' && `${metric.name}${suffix}` === name);
  const found = of.length > 0 ? of : histograms;
  if (found.length === 0) return undefined;
  const own = suffix === '_bucket' ? ['le'] : [];
  return ['namespace', ...found.flatMap(({ labels }) => labels), ...own];
}

describe('every alert', () => {
  test.each(alerts.map((rule) => [nameOf(rule), rule] as const))('%s has what it needs', (_, rule) => {
    expect(rule.alert).toMatch(/^Genwarden[A-Z][A-Za-z]+$/);
    expect(['critical', 'warning']).toContain(rule.labels!['severity']);
    expect(Object.keys(rule.annotations!)).toEqual(['summary', 'description', 'runbook_url']);
    expect(rule.annotations!['summary']).not.toMatch(/[.\n]$|\n/);
    expect(rule.annotations!['description']).toMatch(/\.$/);
    expect(rule.annotations!['runbook_url']).toBe(`${plainForm.runbookUrl}/${rule.alert}.md`);
  });

  test('uses only labels in its texts that its expression has', () => {
    for (const { expr, annotations } of alerts) {
      const named = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
      // Without aggregation, series keep the labels of their target.
      const kept = [...groupingLabels(expr), 'instance', 'pod'];
      expect(named.filter((label) => !kept.includes(label))).toEqual([]);
    }
  });

  test('waits for at least a minute, or counts over a time', () => {
    for (const rule of alerts.filter((each) => each.for === undefined)) expect(rule.expr).toContain('increase(');
    expect(alerts.filter((each) => each.for !== undefined && !/^\d+m$/.test(each.for))).toEqual([]);
  });
});

describe('twins', () => {
  test('exist for all metrics of the leader that rules use', () => {
    const exporters = Map.groupBy(metricList, ({ name }) => name);
    const used = rules
      .filter(({ alert }) => alert !== 'GenwardenMetricAbsent')
      .flatMap(({ expr }) => selectorsOf(expr).map(({ metric }) => metric.replace(/_(?:bucket|count)$/, '')));
    // Every controller exports whether it leads, and `GenwardenNoLeader` fires if none does.
    const ofLeader = [...new Set(used)].filter(
      (name) => exporters.get(name)?.some(({ exporter }) => exporter === 'controller') && !name.startsWith('leader_'),
    );
    expect(twins.map(({ metric }) => metric.replace(/_count$/, '')).toSorted(byText)).toEqual(
      ofLeader.toSorted(byText),
    );
  });

  test.each(twins)('$metric names the alerts that use it', ({ metric, alerts: names, byPool }) => {
    const users = alerts.filter(({ alert, expr }) => alert !== 'GenwardenMetricAbsent' && uses(expr, metric));
    expect([...new Set(users.map(({ alert }) => alert!))].toSorted(byText)).toEqual([...names].toSorted(byText));
    expect(byPool).toBe(labelsOfSeries(metric)!.includes('pool'));
  });

  /** Directly, or through recording rules of the same objective. */
  function uses(expr: string, metric: string, outer?: string): boolean {
    const slo = /slo="(\w+)"/.exec(expr)?.[1] ?? outer;
    return selectorsOf(expr).some(({ metric: name }) => {
      const through = rules.filter(({ record, labels }) => record === name && (labels?.['slo'] ?? slo) === slo);
      return name === metric || through.some((rule) => uses(rule.expr, metric, slo));
    });
  }
});

describe('objectives', () => {
  test('are those of the chart', () => {
    const values = chartValues().filter(({ path, isGroup }) => path.startsWith('metrics.objectives.') && !isGroup);
    const ofChart = Object.fromEntries(values.map(({ path, value }) => [path.split('.').at(-1)!, value]));
    expect(ofChart).toEqual(defaultObjectives);
    expect(chartValues().find(({ path }) => path === 'metrics.runbookUrl')?.value).toBe(plainForm.runbookUrl);
  });

  test('leave out only failures of tasks that exist', () => {
    const codes = Object.values(notCounted).flat();
    expect(codes.filter((code) => !(code in taskErrors))).toEqual([]);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('each has its share', () => {
    expect(slos.map(({ objective }) => defaultObjectives[objective])).toEqual([0.99, 0.95, 0.95]);
  });
});

test('docs/alerts.md says how severe each alert is, and how long its condition must hold', () => {
  const page = readFileSync(`${root}/docs/alerts.md`, 'utf8');
  const rows = page.matchAll(/^\| \[`(Genwarden\w+)`\]\(\S+\) +\| (\w+) +\| (\S+) +\|/gm);
  const written = [...rows].map(([, alert, severity, time]) => `${alert} ${severity} ${time}`);
  const expected = alerts.map((rule) => `${rule.alert} ${rule.labels!['severity']} ${rule.for ?? '-'}`);
  expect(written.toSorted(byText)).toEqual([...new Set(expected)].toSorted(byText));
});
