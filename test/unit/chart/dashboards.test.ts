// The dashboards of the chart: generated from hack/dashboards, whole, and about metrics that exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { dashboardFiles } from '../../../hack/dashboards.ts';
import { alertNames } from '../../../hack/rules/groups.ts';
import { metricList } from '../../../src/telemetry/metrics.ts';
import type { Dashboard } from '../../support/grafana.ts';
import { filesUnder } from '../../tidy/repository.ts';
import { groupingLabels, selectorsOf } from '../rules/expressions.ts';

const folder = 'charts/genwarden/files/dashboards';

const dashboards = [...dashboardFiles()].map(([name, text]) => ({ name, ...(JSON.parse(text) as Dashboard) }));
const panels = dashboards.flatMap(({ name, panels: all }) =>
  all.filter(({ type }) => type !== 'row').map((panel) => ({ ...panel, where: `${name}: ${panel.title}` })),
);

test('the files of the chart are what node hack/dashboards.ts writes', () => {
  const found = filesUnder(folder, '.json').map(({ path, text }) => [path.replace(`${folder}/`, ''), text] as const);
  expect(new Map(found)).toEqual(dashboardFiles());
  expect(readdirSync(folder).toSorted()).toEqual([
    'control-plane.json',
    'overview.json',
    'pool.json',
    'providers.json',
  ]);
});

test('each panel has a unit, thresholds, a description and a link to a page that exists', () => {
  const incomplete = panels.filter(
    ({ description = '', links = [], fieldConfig }) =>
      fieldConfig?.defaults.unit === undefined ||
      (fieldConfig.defaults.thresholds?.steps.length ?? 0) === 0 ||
      description.length < 20 ||
      links.length !== 1,
  );
  expect(incomplete.map(({ where }) => where)).toEqual([]);
  const dead = panels.filter(({ links = [] }) => !isPage(links[0]!.url));
  expect(dead.map(({ where, links = [] }) => `${where} → ${links[0]!.url}`)).toEqual([]);
});

test('ids and refs are unique, and panels do not overlap', () => {
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
  for (const { panels: all } of dashboards) {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const cells = all.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(all.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    for (const { targets = [] } of all) expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  }
});

test('each query uses only metrics and labels that exist, in one installation', () => {
  const queries = panels.flatMap(({ where, targets = [] }) => targets.map(({ expr }) => ({ where, expr })));
  expect(queries.length).toBeGreaterThan(90);
  const wrong = queries.flatMap(({ where, expr }) => unknownIn(expr).map((what) => `${where}: ${what} in ${expr}`));
  expect(wrong).toEqual([]);
});

test('the names of series use labels by which the query groups', () => {
  const wrong = panels.flatMap(({ where, targets = [] }) =>
    targets
      .filter(({ expr, legendFormat }) =>
        [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].some(
          ([, label]) => !new RegExp(`by \\([^)]*\\b${label}\\b`).test(expr),
        ),
      )
      .map(({ legendFormat }) => `${where}: ${legendFormat}`),
  );
  expect(wrong).toEqual([]);
});

test('variables ask for metrics and labels that exist, and queries use only variables that the dashboard has', () => {
  for (const { templating, panels: all } of dashboards) {
    const variables = templating.list.map((variable) => variable.name);
    expect(variables.slice(0, 2)).toEqual(['datasource', 'namespace']);
    for (const { query } of templating.list) {
      const asked = /^label_values\((.+), (\w+)\)$/.exec(typeof query === 'object' ? query.query : '');
      if (asked === null) continue;
      const [, selector = '', label = ''] = asked;
      expect(unknownIn(selector.includes('{') ? selector : `${selector}{namespace=~"$namespace"}`)).toEqual([]);
      expect(known.get(selector.replace(/\{.*/, ''))).toContain(label);
    }
    const used = all.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr.match(/\$\w+/g) ?? []));
    const builtIn = ['$__range', '$__rate_interval'];
    expect(used.filter((each) => !builtIn.includes(each) && !variables.includes(each.slice(1)))).toEqual([]);
  }
});

test('a metric, a label or a grouping that does not exist is found', () => {
  expect(unknownIn('sum (genwarden_taskz{namespace=~"$namespace"})')).toEqual(['genwarden_taskz']);
  expect(unknownIn('sum (genwarden_tasks{namespace=~"$namespace",sate="queued"})')).toEqual(['genwarden_tasks{sate}']);
  expect(unknownIn('sum by (color) (genwarden_tasks{namespace=~"$namespace"})')).toEqual(['color']);
  expect(unknownIn('sum (genwarden_tasks{})')).toEqual(['genwarden_tasks without its namespace']);
});

test('docs/dashboards.md names panels that each dashboard has', () => {
  const sections = readFileSync('docs/dashboards.md', 'utf8').split(/^## /m);
  for (const { title, panels: all } of dashboards) {
    const name = title.replace('Genwarden / ', '');
    const section = sections.find((text) => text.startsWith(`${name}\n`)) ?? '';
    const named = [...section.matchAll(/_([A-Z][^_]+)_/g)].map(([, panel = '']) => panel.replaceAll(/\s+/g, ' '));
    expect(named.length).toBeGreaterThan(0);
    const isShown = (panel: string) => all.some((each) => each.title.toLowerCase().includes(panel.toLowerCase()));
    expect(named.filter((panel) => !isShown(panel))).toEqual([]);
    expect(section).toContain(`(images/dashboards/${name.toLowerCase().replace(' ', '-')}.png)`);
  }
});

/** By name: the labels of each metric, with those that a scrape of the chart's monitors adds. */
const known: ReadonlyMap<string, readonly string[]> = knownMetrics();

function knownMetrics(): Map<string, readonly string[]> {
  const scraped = ['namespace', 'pod', 'instance'];
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const all = new Map(registry.getMetricsAsArray().map(({ name }): [string, readonly string[]] => [name, scraped]));
  for (const { name, type, labels } of metricList) {
    const endings = type === 'histogram' ? ['_bucket', '_count', '_sum'] : [''];
    for (const ending of endings) {
      all.set(`${name}${ending}`, [...labels, ...scraped, ...(ending === '_bucket' ? ['le'] : [])]);
    }
  }
  return all;
}

/** The metrics and labels of a query that do not exist. */
function unknownIn(expr: string): string[] {
  const selectors = selectorsOf(expr.replaceAll(/\$\w+/g, '1').replaceAll(/group_left \([^)]*\)/g, ''));
  const labels = new Set(selectors.flatMap(({ metric }) => known.get(metric) ?? []));
  const unknown = selectors.flatMap(({ metric, labels: used }) => {
    const own = known.get(metric);
    if (own === undefined) return [metric];
    if (used[0] !== 'namespace') return [`${metric} without its namespace`];
    return used.filter((label) => !own.includes(label)).map((label) => `${metric}{${label}}`);
  });
  return [...unknown, ...groupingLabels(expr).filter((label) => !labels.has(label))];
}

/** A page of docs with its heading, or the runbook of an alert. */
function isPage(url: string): boolean {
  const [path = '', heading] = url.replace('https://genwarden.dev/', '').split('#');
  const [, runbook] = /^docs\/runbooks\/(\w+)\.md$/.exec(path) ?? [];
  if (runbook !== undefined) return alertNames.includes(runbook);
  if (!path.startsWith('docs/') || !existsSync(path)) return false;
  return heading === undefined || headingsOf(path).includes(heading);
}

const headingsOf = (path: string): string[] =>
  (readFileSync(path, 'utf8').match(/^#+ .*$/gm) ?? []).map((line) =>
    line
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
