// Draws a dashboard as a web page, with the panels where Grafana puts them and in its light theme.

import type { Dashboard, Panel, Shown, View } from '../../../test/support/grafana.ts';
import { colour, colourOfSeries, colourOfValue } from './palette.ts';
import { timelineSvg } from './timeline.ts';
import { written } from './units.ts';

export interface Drawn {
  readonly panel: Panel;
  readonly series: readonly Shown[];
}

export const pageWidth = 1_400;
const column = (pageWidth - 16) / 24;
const line = 38;
const gap = 8;
const header = 56;

export function pageHeight({ panels }: Dashboard): number {
  return header + gap + line * Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
}

export function pageHtml(dashboard: Dashboard, drawn: readonly Drawn[], view: View): string {
  const rows = dashboard.panels.filter(({ type }) => type === 'row').map(rowHtml);
  return `<!doctype html><meta charset="utf-8"><style>${styles}</style>
    <header><b>${text(dashboard.title)}</b>${pills(dashboard, view)}<span class="time">${times(view)}</span></header>
    <main style="height:${pageHeight(dashboard) - header}px">
    ${[...rows, ...drawn.map((each) => panelHtml(each, view))].join('\n')}</main>`;
}

const times = ({ start, end }: View): string =>
  [start, end].map((time) => new Date(time * 1_000).toISOString().slice(11, 19)).join(' – ');

const pills = ({ templating }: Dashboard, { values }: View): string =>
  templating.list
    .filter(({ type }) => type === 'query')
    .map(
      ({ name }) =>
        `<span class="pill">${name} <i>${/^\.[*+]$/.test(values[name]!) ? 'All' : text(values[name]!)}</i></span>`,
    )
    .join('');

const rowHtml = ({ title, gridPos }: Panel): string => `<h2 style="${placeOf(gridPos)}">▾ ${text(title)}</h2>`;

function panelHtml({ panel, series }: Drawn, view: View): string {
  const info = '<span class="info">i</span>';
  return `<section style="${placeOf(panel.gridPos)}"><h3>${text(panel.title)} ${info}</h3>${contents(panel, series, view)}</section>`;
}

function contents(panel: Panel, series: readonly Shown[], view: View): string {
  if (series.length === 0) return `<p class="nothing">${text(panel.fieldConfig?.defaults.noValue ?? 'No data')}</p>`;
  if (panel.type === 'stat') return numbers(panel, series);
  if (panel.type === 'bargauge') return bars(panel, series);
  return panel.type === 'state-timeline' ? bands(panel, series, view) : timeline(panel, series, view);
}

function numbers(panel: Panel, series: readonly Shown[]): string {
  return series
    .map(({ points }) => points.at(-1)!.value)
    .map((value) => `<p class="number" style="color:${colourOfValue(panel, value)}">${words(panel, value)}</p>`)
    .join('');
}

/** What is written for a value: a word, if the panel has one for it. */
function words({ fieldConfig }: Panel, value: number): string {
  const word = fieldConfig?.defaults.mappings?.[0]?.options[String(value)]?.text;
  return text(word ?? written(value, fieldConfig?.defaults.unit ?? 'short'));
}

function bars(panel: Panel, series: readonly Shown[]): string {
  const values = series.map(({ name, points }) => ({ name, value: points.at(-1)!.value }));
  const most = panel.fieldConfig?.defaults.max ?? Math.max(1, ...values.map(({ value }) => value));
  const bar = (value: number): string =>
    `<div class="bar"><div style="width:${Math.min(1, value / most) * 100}%;background:${colourOfValue(panel, value)}"></div></div>`;
  const rows = values.map(
    ({ name, value }) => `<tr><td>${text(name)}<td class="wide">${bar(value)}<td>${words(panel, value)}`,
  );
  return `<table>${rows.join('')}</table>`;
}

function bands(panel: Panel, series: readonly Shown[], view: View): string {
  const share = (seconds: number): number => (seconds / (view.end - view.start)) * 100;
  const height = Math.min(64, (panel.gridPos.h * line - 70) / series.length - 8);
  const rows = series.map(({ name, points }) => {
    const cells = points.map(({ time, value }) => {
      const color = colour(panel.fieldConfig?.defaults.mappings?.[0]?.options[String(value)]?.color ?? 'gray');
      return `<div style="left:${share(time - view.start)}%;width:${share(view.step) + 0.1}%;background:${color}"></div>`;
    });
    return `<tr><td>${text(name)}<td class="wide"><div class="band" style="height:${height}px">${cells.join('')}</div>`;
  });
  const options = Object.values(panel.fieldConfig?.defaults.mappings?.[0]?.options ?? {});
  const legend = options.map((option) => mark(option.text, colour(option.color)));
  return `<table>${rows.join('')}</table><div class="legend">${legend.join('')}</div>`;
}

function timeline(panel: Panel, series: readonly Shown[], view: View): string {
  const legend = series.map(({ name }, index) => mark(name, colourOfSeries(panel, name, index)));
  const lines = Math.ceil(series.reduce((sum, { name }) => sum + name.length + 5, 0) / (panel.gridPos.w * 7.5));
  const height = panel.gridPos.h * line - gap - 36 - 18 * Math.min(lines, 4);
  const svg = timelineSvg(panel, series, view, { width: Math.floor(panel.gridPos.w * column - gap - 12), height });
  return `${svg}<div class="legend">${legend.join('')}</div>`;
}

const mark = (name: string, color: string): string => `<span><i style="background:${color}"></i>${text(name)}</span>`;

const placeOf = ({ x, y, w, h }: Panel['gridPos']): string =>
  `left:${8 + x * column}px;top:${y * line}px;width:${w * column - gap}px;height:${h * line - gap}px`;

const text = (raw: string): string => raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const styles = `
  * { box-sizing: border-box }
  body { margin: 0; width: ${pageWidth}px; background: #f4f5f5; color: #24292e; font: 12px Inter, 'DejaVu Sans', 'Liberation Sans', sans-serif }
  header { height: ${header - gap}px; margin-bottom: ${gap}px; padding: 0 16px; display: flex; align-items: center; gap: 12px; background: #fff; border-bottom: 1px solid #dfe2e6; font-size: 16px }
  .pill { font-size: 12px; border: 1px solid #d0d4da; border-radius: 3px; padding: 4px 8px } .pill i { font-style: normal; color: #1f60c4 }
  .time { margin-left: auto; font-size: 12px; color: #57606a }
  main { position: relative }
  h2, section { position: absolute; margin: 0 }
  h2 { font-size: 14px; font-weight: 600; display: flex; align-items: center }
  section { background: #fff; border: 1px solid #e1e5ea; border-radius: 3px; padding: 6px; overflow: hidden }
  h3 { margin: 0 0 4px 2px; font-size: 13px; font-weight: 600; white-space: nowrap } .info { display: inline-block; width: 13px; height: 13px; margin-left: 3px; border: 1px solid #8c959f; border-radius: 50%; color: #6e7781; font: 600 9px/11px serif; text-align: center; vertical-align: 1px }
  .number { margin: 0; height: 74%; display: flex; align-items: center; justify-content: center; font-size: 32px; font-weight: 500 }
  .nothing { margin: 0; height: 80%; display: flex; align-items: center; justify-content: center; color: #6e7781; font-size: 15px }
  table { width: 100%; border-spacing: 0 8px; padding: 4px 6px } td { white-space: nowrap; padding: 0 8px 0 0 } .wide { width: 100% }
  .bar { background: #eef0f3; height: 18px } .bar div { height: 100% }
  .band { position: relative; background: #eef0f3; overflow: hidden } .band div { position: absolute; top: 0; bottom: 0 }
  .legend { display: flex; flex-wrap: wrap; gap: 2px 12px; padding: 2px 8px; max-height: 74px; overflow: hidden } .legend span { line-height: 16px }
  .legend i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin: 0 5px 2px 0 }
`;
