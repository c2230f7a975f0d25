// The kinds of panels, as functions that a dashboard lists. Each panel says what it shows and links to the page that says what to
// do about it.

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as NumberBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StatesBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { coloursOf, type Steps } from './colours.ts';

/** Grafana's ids of units. `suffix:` writes what follows after the number. */
type Unit = 'short' | 'percentunit' | 's' | 'bytes' | 'suffix:/min';

/** A query, and the name of each of its series, with labels in double braces. */
type Query = readonly [name: string, expr: string];

interface About {
  /** What it shows, and what to look at first. */
  readonly description: string;
  /** An alert, whose runbook says what to do, or a page of docs. */
  readonly link: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Default: everything is green. */
  readonly steps?: Steps;
  /** Of 24 columns. */
  readonly width?: number;
  /** Where the scale ends. */
  readonly max?: number;
  /** Written instead of 0 and 1. */
  readonly words?: readonly [zero: string, one: string];
  /** Written without any series. */
  readonly nothing?: string;
}

export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly build: (id: number, gridPos: dashboard.GridPos) => Builder<dashboard.Panel>;
}

type AnyBuilder = LinesBuilder | NumberBuilder | BarsBuilder | StatesBuilder;

export const datasource = { type: 'prometheus', uid: '${datasource}' };

/** What links start with; the chart replaces the folder of the runbooks by its `metrics.runbookUrl`. */
const docs = 'https://genwarden.dev/docs';

/** Values over time as lines. Steps after the first are dashed lines. */
export const lines = (title: string, about: About): Panel =>
  panel(8, about, () =>
    timeline(title, about).fillOpacity(about.queries.length === 1 && !about.queries[0]![0].includes('{{') ? 10 : 0),
  );

/** The parts of a whole over time, stacked. */
export const areas = (title: string, about: About): Panel => {
  const stacked = { build: () => ({ mode: common.StackingMode.Normal, group: 'A' }) };
  return panel(8, about, () => timeline(title, about).fillOpacity(60).stacking(stacked));
};

/** The value of now: one number for each series. */
export const number = (title: string, about: About): Panel =>
  panel(4, { width: 4, ...about }, () =>
    described(new NumberBuilder(), title, about, 'instant')
      .reduceOptions(lastValue)
      .colorMode(common.BigValueColorMode.Value)
      .graphMode(common.BigValueGraphMode.None)
      .textMode(about.queries[0]?.[0] === '' ? common.BigValueTextMode.Value : common.BigValueTextMode.ValueAndName),
  );

/** The value of now as a bar for each series. */
export const bars = (title: string, about: About): Panel =>
  panel(8, about, () =>
    described(new BarsBuilder(), title, about, 'instant')
      .reduceOptions(lastValue)
      .orientation(common.VizOrientation.Horizontal)
      .displayMode(common.BarGaugeDisplayMode.Basic)
      .min(0),
  );

/** States over time: a band for each series. */
export const states = (title: string, about: About): Panel =>
  panel(8, about, () =>
    described(new StatesBuilder(), title, about, 'range')
      .showValue(common.VisibilityMode.Never)
      .mergeValues(true)
      .fillOpacity(80),
  );

const lastValue = { build: () => ({ values: false, calcs: ['lastNotNull'], fields: '' }) };

function panel(height: number, { width = 8 }: About, create: () => AnyBuilder): Panel {
  return { width, height, build: (id, gridPos) => create().id(id).gridPos(gridPos) };
}

function timeline(title: string, about: About): LinesBuilder {
  const { steps = [], queries } = about;
  const builder = described(new LinesBuilder(), title, about, 'range')
    .min(0)
    .lineWidth(1)
    .showPoints(common.VisibilityMode.Never)
    .colorScheme({ build: () => ({ mode: dashboard.FieldColorModeId.PaletteClassic }) })
    .legend(new common.VizLegendOptionsBuilder().displayMode(common.LegendDisplayMode.List).showLegend(true))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi));
  for (const [end, fixedColor] of coloursOf(queries.map(([name]) => name))) {
    const value = { mode: dashboard.FieldColorModeId.Fixed, fixedColor };
    builder.overrideByRegexp(`/(^|\\s)(${end})$/`, [{ id: 'color', value }]);
  }
  if (steps.length > 1) builder.thresholdsStyle({ build: () => ({ mode: common.GraphThresholdsStyleMode.Dashed }) });
  return builder;
}

/** What all kinds have in common. */
function described<B extends AnyBuilder>(builder: B, title: string, about: About, time: 'instant' | 'range'): B {
  const { description, link, unit, max, words, steps = [[null, 'green']] } = about;
  builder
    .title(title)
    .description(description)
    .links([linkTo(link)])
    .datasource(datasource);
  builder.unit(unit).noValue(about.nothing ?? 'No data');
  if (max !== undefined) builder.max(max);
  if (words !== undefined) builder.mappings([wordsFor(words, steps)]);
  builder.thresholds(thresholdsAt(steps));
  builder.colorScheme({ build: () => ({ mode: dashboard.FieldColorModeId.Thresholds }) });
  builder.targets(about.queries.map((query, index) => targetOf(query, index, time)));
  return builder;
}

const thresholdsAt = (steps: Steps) =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })));

function linkTo(link: string): dashboard.DashboardLinkBuilder {
  const isAlert = link.startsWith('Genwarden');
  return new dashboard.DashboardLinkBuilder(isAlert ? `Runbook of ${link}` : 'What it means')
    .type(dashboard.DashboardLinkType.Link)
    .url(isAlert ? `${docs}/runbooks/${link}.md` : `${docs}/${link}`)
    .targetBlank(true);
}

function targetOf([name, expr]: Query, index: number, time: 'instant' | 'range'): DataqueryBuilder {
  const builder = new DataqueryBuilder()
    .refId(String.fromCodePoint('A'.codePointAt(0)! + index))
    .datasource(datasource)
    .format(PromQueryFormat.TimeSeries)
    .expr(expr)
    .legendFormat(name === '' ? '__auto' : name);
  return time === 'instant' ? builder.instant() : builder.range();
}

function wordsFor(words: readonly [string, string], steps: Steps): dashboard.ValueMap {
  const colourAt = (value: number) => steps.findLast(([from]) => from === null || from <= value)?.[1];
  const [zero, one] = words.map((text, value) => {
    const color = colourAt(value);
    return { text, index: value, ...(color === undefined ? {} : { color }) };
  });
  return { type: dashboard.MappingType.ValueToText, options: { 0: zero!, 1: one! } };
}
