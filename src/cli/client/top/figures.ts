// The figures of the last hour: what ended and how long it took, and what is open, each with its sparkline.

import type { Activity } from '../../../client/index.ts';
import { shortDuration } from '../../output/format.ts';
import { grouped, sparkline } from '../../output/sparkline.ts';
import { cut, pad } from '../../output/text.ts';
import type { Paint } from '../../output/colours.ts';

type Minute = Activity['minutes'][number];

interface Figure {
  readonly label: string;
  readonly value: string;
  /** Of neighbouring minutes. */
  readonly over: (minutes: readonly Minute[]) => number | null;
  /** The top of the sparkline; default: the largest value. */
  readonly max?: number;
}

export interface FigureOptions {
  readonly paint: Paint;
  /** The terminal's width; absent: no terminal, and no sparklines. */
  readonly width?: number | undefined;
}

/** `now` in ms since 1970. */
export function figureLines(activity: Activity, now: number, options: FigureOptions): string[] {
  return [headline(activity, now, options), ...figureRows(activity, options)];
}

function headline(
  { since, hour, now: open, minutes, behindMs }: Activity,
  now: number,
  { paint, width = Infinity }: FigureOptions,
): string {
  const start = Date.parse(minutes[0]!.at);
  const from = since === null || Date.parse(since) < start + 60_000 ? undefined : Date.parse(since);
  const when = from === undefined ? 'Last hour' : `Last ${shortDuration(now - from)}`;
  const ended = `${hour.succeeded} succeeded, ${hour.failed} failed, ${hour.cancelled} cancelled`;
  const review = open.needs_review === 0 ? '' : `; ${open.needs_review} in review`;
  const live = behindMs === 0 ? '● live' : `◌ ${shortDuration(behindMs)} behind`;
  const text = cut(`${when}: ${ended}${review}`, Math.max(when.length, width - live.length - gap.length));
  return `${text}${gap}${paint(behindMs === 0 ? 'green' : 'yellow', cut(live, width - text.length - gap.length))}`;
}

function figureRows(activity: Activity, { paint, width }: FigureOptions): string[] {
  const figures = figuresOf(activity);
  if (width === undefined) return [figures.map(({ label, value }) => `${label} ${value}`).join('  ')];
  const columns = width >= 110 ? 3 : width >= 60 ? 2 : 1;
  const cellWidth = Math.floor((width - (columns - 1) * gap.length) / columns);
  const sparkWidth = Math.max(0, cellWidth - labelWidth - valueWidth - 2);
  const minutes = activity.minutes.map((minute) => (isKnown(activity, minute) ? minute : undefined));
  const cells = figures.map(({ label, value, over, max }) => {
    const known = grouped(minutes, sparkWidth).map((group) => group.filter((minute) => minute !== undefined));
    const values = known.map((group) => (group.length === 0 ? null : over(group)));
    const spark = pad(sparkline(values, max), sparkWidth);
    const text = cut(`${pad(label, labelWidth)} ${pad(value, valueWidth, 'right')}`, cellWidth);
    return `${text} ${paint('cyan', spark)}`;
  });
  return grouped(cells, Math.ceil(cells.length / columns)).map((row) => row.join(gap).trimEnd());
}

/** Of minutes before `since` only a part is known. */
const isKnown = ({ since }: Activity, { at }: Minute): boolean =>
  since !== null && Date.parse(since) < Date.parse(at) + 60_000;

const gap = '   ';
const labelWidth = 8;
const valueWidth = 7;

function figuresOf({ hour, now }: Activity): Figure[] {
  return [
    { label: 'success', value: rateText(hour.successRate), over: successRate, max: 1 },
    { label: 'p95', value: latencyText(hour.p95Ms), over: (minutes) => largest(minutes.map(({ p95Ms }) => p95Ms)) },
    { label: 'queued', value: String(now.queued), over: (minutes) => largest(minutes.map(({ queued }) => queued)) },
    { label: 'p50', value: latencyText(hour.p50Ms), over: (minutes) => largest(minutes.map(({ p50Ms }) => p50Ms)) },
    { label: 'running', value: String(now.running), over: (minutes) => largest(minutes.map(({ running }) => running)) },
    { label: 'waiting', value: String(now.waiting), over: (minutes) => largest(minutes.map(({ waiting }) => waiting)) },
  ];
}

function successRate(minutes: readonly Minute[]): number | null {
  const succeeded = minutes.reduce((sum, minute) => sum + minute.succeeded, 0);
  const ended = succeeded + minutes.reduce((sum, minute) => sum + minute.failed, 0);
  return ended === 0 ? null : succeeded / ended;
}

function largest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Rounded down, so that 100% means that nothing failed. */
const rateText = (rate: number | null): string =>
  rate === null ? '-' : rate === 1 ? '100%' : `${(Math.floor(rate * 1_000) / 10).toFixed(1)}%`;

function latencyText(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)}s` : shortDuration(ms);
}
