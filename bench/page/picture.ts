// The picture of a comparison: how many times better Genwarden is than the peer, with the spread of the rounds, as SVG.

import * as echarts from 'echarts';
import { leads, spreadOf, type PeersResult, type Series, type Spread } from '../result.ts';

const [ahead, behind, grey] = ['#1a7f5a', '#b3541e', '#6e7781'] as const;
const rowHeight = 26;

interface Row extends Spread {
  readonly title: string;
}

/** `over`: the peer's key in the result. */
export function leadsSvg({ series }: PeersResult, over: string, titleOf: (of: Series) => string): string {
  const rows = series
    .filter(({ values }) => values[over] !== undefined && values['ours'] !== undefined)
    .map((of) => ({ title: titleOf(of), ...spreadOf(leads(of, over)) }))
    // Categories start at the bottom.
    .toReversed();
  const chart = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: 900,
    height: rows.length * rowHeight + 90,
  });
  chart.setOption(optionsOf(rows, over));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function optionsOf(rows: readonly Row[], over: string): Record<string, unknown> {
  const label = { color: grey, fontSize: 12 };
  const least = Math.min(0.5, ...rows.map(({ min }) => min));
  const most = Math.max(2, ...rows.map(({ max }) => max));
  return {
    animation: false,
    backgroundColor: '#ffffff',
    grid: { left: 330, right: 60, top: 20, bottom: 60 },
    yAxis: { type: 'category', data: rows.map(({ title }) => title), axisLabel: label, axisTick: { show: false } },
    // Half as good is as far from equal as twice as good.
    xAxis: {
      type: 'log',
      logBase: 2,
      min: 2 ** Math.floor(Math.log2(least)),
      max: 2 ** Math.ceil(Math.log2(most)),
      name: `times better than ${over === 'bullmq' ? 'BullMQ' : over}: dot the median, line the spread of the rounds`,
      nameLocation: 'middle',
      nameGap: 32,
      nameTextStyle: label,
      axisLabel: { ...label, formatter: (value: number) => `${Number(value.toFixed(3))}×` },
      splitLine: { lineStyle: { color: '#e9edf2' } },
    },
    series: [{ type: 'scatter', symbolSize: 11, data: rows.map(dot), markLine: spreads(rows) }],
  };
}

const colourOf = ({ median }: Row): string => (median >= 1 ? ahead : behind);

const dot = (row: Row, at: number) => ({
  value: [row.median, at],
  itemStyle: { color: colourOf(row) },
  label: { show: true, position: 'top', formatter: `${row.median.toFixed(2)}×`, color: colourOf(row), fontSize: 11 },
});

const spreads = (rows: readonly Row[]) => ({
  silent: true,
  symbol: 'none',
  label: { show: false },
  data: [
    { xAxis: 1, lineStyle: { color: grey, type: 'dashed', width: 1 } },
    ...rows.map((row, at) => [
      { coord: [row.min, at], lineStyle: { color: colourOf(row), type: 'solid', width: 3, opacity: 0.5 } },
      { coord: [row.max, at] },
    ]),
  ],
});
