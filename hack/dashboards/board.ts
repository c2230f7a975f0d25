// A dashboard: its variables, and its rows of panels, laid out on the grid from left to right.

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { datasource, type Panel } from './panels.ts';

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Board {
  /** Part of its uid and of the name of its file. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Builder<dashboard.VariableModel>[];
  readonly rows: readonly Row[];
}

export const row = (title: string, panels: readonly Panel[]): Row => ({ title, panels });

/** One value of a label. */
export const oneOf = (name: string, metric: string): dashboard.QueryVariableBuilder => variable(name, metric);

/** Any values of a label, all by default. `all` is their pattern; `.*` also selects series without the label. */
export const anyOf = (name: string, metric: string, all: '.*' | '.+'): dashboard.QueryVariableBuilder =>
  variable(name, metric)
    .multi(true)
    .includeAll(true)
    .allValue(all)
    .current({ selected: true, text: ['All'], value: ['$__all'] });

const columns = 24;

/** The JSON that Grafana imports. */
export function boardJson({ name, title, description, variables, rows }: Board): string {
  // Grafana 10 and later import this form; only Grafana 12 and later know the one that replaces it.
  // oxlint-disable-next-line typescript/no-deprecated
  const builder = new dashboard.DashboardBuilder(`Genwarden / ${title}`);
  builder.uid(`genwarden-${name}`).description(description).tags(['genwarden']).editable();
  builder.time({ from: 'now-6h', to: 'now' }).refresh('30s').tooltip(dashboard.DashboardCursorSync.Crosshair);
  builder.links([others()]).variables([source(), namespace(), ...variables]);
  let id = 1;
  let y = 0;
  for (const each of rows) {
    builder.withRow(new dashboard.RowBuilder(each.title).id(id++).gridPos({ x: 0, y, w: columns, h: 1 }));
    const { places, end } = laidOut(each.panels, y + 1);
    for (const [panel, place] of places) builder.withPanel(panel.build(id++, place));
    y = end;
  }
  return `${JSON.stringify(builder.build(), null, 2)}\n`;
}

/** Each panel is as far up as it fits, and there as far left. */
function laidOut(panels: readonly Panel[], top: number): { places: [Panel, dashboard.GridPos][]; end: number } {
  const depths = range(columns).map(() => top);
  const places = panels.map((panel): [Panel, dashboard.GridPos] => {
    const { width, height } = panel;
    const depthAt = (x: number) => Math.max(...depths.slice(x, x + width));
    const y = Math.min(...range(columns - width + 1).map(depthAt));
    const x = range(columns - width + 1).findIndex((each) => depthAt(each) === y);
    depths.fill(y + height, x, x + width);
    return [panel, { x, y, w: width, h: height }];
  });
  return { places, end: Math.max(...depths) };
}

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

function variable(name: string, metric: string): dashboard.QueryVariableBuilder {
  const query = `label_values(${metric}, ${name})`;
  return new dashboard.QueryVariableBuilder(name)
    .label(name)
    .datasource(datasource)
    .query({ query, refId: name })
    .definition(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc);
}

const source = (): dashboard.DatasourceVariableBuilder =>
  new dashboard.DatasourceVariableBuilder('datasource').label('data source').type('prometheus');

/** A Prometheus outside Kubernetes may have no namespaces. */
const namespace = (): dashboard.QueryVariableBuilder => anyOf('namespace', 'genwarden_build_info', '.*');

const others = (): dashboard.DashboardLinkBuilder =>
  new dashboard.DashboardLinkBuilder('Genwarden')
    .type(dashboard.DashboardLinkType.Dashboards)
    .tags(['genwarden'])
    .includeVars(true)
    .keepTime(true)
    .asDropdown(true);
