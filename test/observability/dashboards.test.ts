// Every query of every dashboard, as Grafana sends it, on the Prometheus of the shared situation: it returns data. Prints the table.
import { beforeAll, describe, expect, test } from 'vitest';
import { dashboardFiles } from '../../hack/dashboards.ts';
import { written } from '../../hack/dashboards/drawing/units.ts';
import { choices, defaults, interpolated, shown, type Dashboard, type Shown, type View } from '../support/grafana.ts';
import { markdownTable } from '../support/markdownTable.ts';
import type { PrometheusQueries } from '../support/prometheusQueries.ts';
import { sharedSituation } from './situation/shared.ts';

const dashboards = [...dashboardFiles().values()].map((json) => JSON.parse(json) as Dashboard);

let prometheus: PrometheusQueries;
/** Unix seconds: from the start of the situation to now. */
let [start, end] = [0, 0];

beforeAll(async () => {
  const situation = await sharedSituation();
  ({ prometheus } = situation);
  [start, end] = [situation.facts.startedAt, Date.now() / 1_000];
});

async function viewOf(dashboard: Dashboard): Promise<View> {
  return { start, end, step: 1, scrapeInterval: 2, values: await defaults(prometheus, dashboard) };
}

describe.each(dashboards)('$title', (dashboard) => {
  test('every query of every panel returns data', async () => {
    const view = await viewOf(dashboard);
    const rows: string[][] = [];
    const empty: string[] = [];
    for (const { title, targets = [], fieldConfig } of dashboard.panels) {
      for (const target of targets) {
        const series = await shown(prometheus, target, view);
        const values = series.map((each) => valueOf(each, fieldConfig!.defaults.unit!)).join(', ');
        rows.push([title, interpolated(target.expr, view), values]);
        if (series.length === 0) empty.push(`${title}: ${target.expr}`);
      }
    }
    process.stdout.write(
      `\n${dashboard.title}\n\n${markdownTable(['panel', 'query', 'last value'], rows.map(shortened))}`,
    );
    expect(empty).toEqual([]);
  });

  test('the menus offer what the installation has', async () => {
    const options = await choices(prometheus, dashboard);
    expect(options.get('namespace')).toEqual(['genwarden']);
    expect([...options].filter(([, values]) => values.length === 0)).toEqual([]);
  });
});

test('the menu of pools offers those of the installation, and each choice changes the queries', async () => {
  const dashboard = dashboards.find(({ uid }) => uid === 'genwarden-pool')!;
  const { client } = await sharedSituation();
  const names = (await client.pools()).map(({ name }) => name).toSorted();
  expect(names.length).toBeGreaterThan(1);
  expect((await choices(prometheus, dashboard)).get('pool')).toEqual(names);
  const { targets = [] } = dashboard.panels.find(({ title }) => title === 'Open tasks by state')!;
  const view = await viewOf(dashboard);
  const queries = names.map((pool) => interpolated(targets[0]!.expr, { ...view, values: { ...view.values, pool } }));
  expect(new Set(queries).size).toBe(names.length);
  for (const query of queries) expect(await prometheus.query(query)).not.toEqual([]);
});

test('the menu of models offers those of the pools, and one of them alone has data', async () => {
  const dashboard = dashboards.find(({ uid }) => uid === 'genwarden-providers')!;
  const models = (await choices(prometheus, dashboard)).get('model') ?? [];
  expect(models.length).toBeGreaterThan(1);
  const { targets = [] } = dashboard.panels.find(({ title }) => title === 'Requests by model')!;
  const view = await viewOf(dashboard);
  const of = async (model: string): Promise<Shown[]> =>
    shown(prometheus, targets[0]!, { ...view, values: { ...view.values, model } });
  const asked = (await of('.+')).map(({ name }) => name);
  const [model = ''] = models.filter((each) => asked.includes(each));
  expect((await of(model)).map(({ name }) => name)).toEqual([model]);
});

function valueOf({ name, points }: Shown, unit: string): string {
  const value = written(points.at(-1)!.value, unit);
  return name === '' ? value : `${name}: ${value}`;
}

const shortened = (cells: readonly string[]): string[] =>
  cells.map((cell) => (cell.length > 150 ? `${cell.slice(0, 147)}…` : cell).replaceAll('|', '\\|'));
