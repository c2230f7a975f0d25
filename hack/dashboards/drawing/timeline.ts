// Draws the series of a panel over time, as SVG.

import * as echarts from 'echarts';
import type { Panel, Shown, View } from '../../../test/support/grafana.ts';
import { colour, colourOfSeries } from './palette.ts';
import { written } from './units.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

export function timelineSvg(panel: Panel, series: readonly Shown[], view: View, size: Size): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size });
  const { unit = 'short', custom } = panel.fieldConfig!.defaults;
  const drawn = new Set(series.flatMap(({ points }) => points.map(({ time }) => indexOf(time, view))));
  const greatest = highest(series, custom?.stacking?.mode === 'normal');
  chart.setOption({
    animation: false,
    grid: { left: 70, right: 14, top: 10, bottom: 24 },
    xAxis: { type: 'time', min: view.start * 1_000, max: view.end * 1_000, splitNumber: 5, axisLabel: timeLabels },
    yAxis: {
      type: 'value',
      min: 0,
      ...scaleOf(greatest, unit),
      axisLabel: { formatter: (value: number) => written(value, unit), color: '#6e7781', fontSize: 11 },
      splitLine: { lineStyle: { color: '#e9edf2' } },
    },
    series: series.map((each, index) => lineOf(panel, each, index, { greatest, view, drawn })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

const timeLabels = {
  formatter: (time: number) => new Date(time).toISOString().slice(11, 16),
  color: '#6e7781',
  fontSize: 11,
  hideOverlap: true,
};

interface Whole {
  readonly greatest: number;
  readonly view: View;
  /** The steps at which any series has a point: the others are gaps. */
  readonly drawn: ReadonlySet<number>;
}

function lineOf(panel: Panel, { name, points }: Shown, index: number, { greatest, view, drawn }: Whole): object {
  const color = colourOfSeries(panel, name, index);
  const { custom, thresholds } = panel.fieldConfig!.defaults;
  const stacked = custom?.stacking?.mode === 'normal';
  const reached = (thresholds?.steps ?? []).filter(({ value }) => value !== null && value > 0 && value < greatest);
  const isDashed = index === 0 && custom?.thresholdsStyle?.mode === 'dashed';
  return {
    type: 'line',
    name,
    data: withGaps(points, view, (at) => (stacked && drawn.has(at) ? 0 : null)),
    showSymbol: points.length === 1 && !stacked,
    symbolSize: 4,
    // The line of a part that is always 0 would cover that of the whole.
    lineStyle: { color, width: stacked && points.every(({ value }) => value === 0) ? 0 : 1.6 },
    itemStyle: { color },
    ...(stacked ? { stack: 'all' } : {}),
    areaStyle: { color, opacity: (custom?.fillOpacity ?? 0) / 100 },
    ...(isDashed ? { markLine: dashes(reached) } : {}),
  };
}

const dashes = (steps: readonly { readonly value: number | null; readonly color: string }[]) => ({
  silent: true,
  symbol: 'none',
  label: { show: false },
  data: steps.map(({ value, color }) => ({ yAxis: value, lineStyle: { color: colour(color), type: 'dashed' } })),
});

/** Every step has a point; `without` is its value where the series has none. */
function withGaps(points: Shown['points'], view: View, without: (at: number) => 0 | null): [number, number | null][] {
  const byTime = new Map(points.map(({ time, value }) => [indexOf(time, view), value]));
  return Array.from({ length: indexOf(view.end, view) + 1 }, (_, at) => [
    (view.start + at * view.step) * 1_000,
    byTime.get(at) ?? without(at),
  ]);
}

const indexOf = (time: number, { start, step }: View): number => Math.round((time - start) / step);

/** Round values of the unit, about four. */
function scaleOf(greatest: number, unit: string): { max?: number; interval?: number; splitNumber?: number } {
  if (greatest === 0) return { max: 1, interval: 0.5 };
  const minutes = [60, 120, 300, 600, 1_200, 1_800, 3_600].find((each) => greatest / each <= 4.5);
  if (unit === 's' && greatest > 60 && minutes !== undefined)
    return { max: upTo(greatest, minutes), interval: minutes };
  if (unit !== 'bytes') return { splitNumber: 4 };
  const interval = 2 ** Math.ceil(Math.log2(greatest / 4));
  return { max: upTo(greatest, interval), interval };
}

const upTo = (value: number, interval: number): number => Math.ceil(value / interval) * interval;

function highest(series: readonly Shown[], stacked: boolean): number {
  if (!stacked) return Math.max(0, ...series.flatMap(({ points }) => points.map(({ value }) => value)));
  const sums = new Map<number, number>();
  for (const { points } of series) for (const { time, value } of points) sums.set(time, (sums.get(time) ?? 0) + value);
  return Math.max(0, ...sums.values());
}
