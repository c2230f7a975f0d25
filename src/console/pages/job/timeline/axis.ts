// The time axis of a timeline: which moment is where. Long stretches in which no task was open, such as the hours before a retry, are
// cut out, so that they do not squeeze what happened.

import type { Row } from './spans.ts';

export interface Piece {
  /** ms since 1970. */
  from: number;
  to: number;
  /** Where it begins and ends, as parts of the whole width. */
  start: number;
  end: number;
}

export interface Axis {
  /** In order; between two of them time was cut out. */
  pieces: readonly Piece[];
}

export interface Tick {
  /** ms since 1970. */
  at: number;
  /** 0 to 1. */
  x: number;
  /** The time of day. */
  label: string;
}

interface Interval {
  from: number;
  to: number;
}

/** The part of the width that a cut takes. */
const cutWidth = 0.02;
/** A stretch without open tasks is cut if it is longer than this part of the time with open tasks, and than a minute. */
const cutFrom = 0.2;
/** ms. */
const shortestCut = 60_000;

/** `now`: ms since 1970. The end lies ahead of the present by steps, so that the axis seldom moves. Undefined without spans. */
export function axisOf(rows: readonly Row[], now: number): Axis | undefined {
  const busy = merged(rows.flatMap(({ spans }) => spans));
  if (busy.length === 0) return undefined;
  const isOpen = rows.some(({ spans }) => spans.at(-1)?.isOpen === true);
  const kept = withoutLongGaps(busy);
  const last = kept.at(-1)!;
  const total = lengthOf(kept);
  last.to = isOpen ? Math.max(last.to, now) + roomAhead(total) : last.to + Math.max(200, total * 0.16);
  return { pieces: placed(kept) };
}

/** Where a moment is, 0 to 1; one that was cut out is at the cut. */
export function xOf({ pieces }: Axis, at: number): number {
  for (const { from, to, start, end } of pieces) {
    if (at < from) return start;
    if (at <= to) return start + ((at - from) / (to - from)) * (end - start);
  }
  return 1;
}

/** At round times of day. `most`: how many fit. `offset`: what to add to UTC for the local time of day, ms. */
export function ticksOf(axis: Axis, most: number, offset: number): Tick[] {
  const step = stepOf(lengthOf(axis.pieces) / Math.max(1, most));
  return axis.pieces.flatMap(({ from, to }) => {
    const first = Math.ceil((from + offset) / step) * step - offset;
    const ticks: Tick[] = [];
    for (let at = first; at <= to; at += step)
      ticks.push({ at, x: xOf(axis, at), label: timeOfDay(at + offset, step) });
    return ticks.length > 0 ? ticks : [{ at: from, x: xOf(axis, from), label: timeOfDay(from + offset, 1_000) }];
  });
}

/** Intervals in order, those that overlap as one. */
function merged(spans: readonly Interval[]): Interval[] {
  const all: Interval[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else all.push({ from, to });
  }
  return all;
}

function withoutLongGaps(busy: readonly Interval[]): Interval[] {
  const longest = Math.max(shortestCut, cutFrom * lengthOf(busy));
  const kept: Interval[] = [];
  for (const interval of busy) {
    const last = kept.at(-1);
    if (last !== undefined && interval.from - last.to < longest) last.to = interval.to;
    else kept.push({ ...interval });
  }
  return kept;
}

const lengthOf = (intervals: readonly Interval[]): number =>
  intervals.reduce((sum, { from, to }) => sum + to - from, 0);

/** Between an eighth and a half of what has passed, in steps that are rare. */
function roomAhead(passed: number): number {
  const length = Math.max(4_000, passed);
  const step = 2 ** Math.floor(Math.log2(length)) / 4;
  return Math.ceil((length * 1.125) / step) * step - passed;
}

function placed(kept: readonly Interval[]): Piece[] {
  const width = 1 - cutWidth * (kept.length - 1);
  const perMs = width / Math.max(1, lengthOf(kept));
  let start = 0;
  return kept.map(({ from, to }) => {
    const end = start + (to - from) * perMs;
    const piece = { from, to, start, end };
    start = end + cutWidth;
    return piece;
  });
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const steps = [1, 2, 5, 10, 15, 30]
  .map((seconds) => seconds * second)
  .concat([1, 2, 5, 10, 15, 30].map((minutes) => minutes * minute))
  .concat([1, 2, 3, 6, 12, 24, 48].map((hours) => hours * hour));

const stepOf = (shortest: number): number => steps.find((step) => step >= shortest) ?? steps.at(-1)!;

/** `14:02:31`, or without seconds if ticks are minutes apart. */
const timeOfDay = (local: number, step: number): string =>
  new Date(local).toISOString().slice(11, step < minute ? 19 : 16);
