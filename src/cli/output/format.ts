// Durations, times and sizes in short forms for tables: `45s`, `3m`, `1.9 MiB`. Sentences use `about` and `inWords`.

import { about } from '../../job/duration.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A duration in ms as its largest fitting unit, rounded down; seconds up to 2 minutes, minutes up to 2 hours, hours up to 2 days. */
export function shortDuration(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < 2 * minute) return `${Math.floor(whole / second)}s`;
  if (whole < 2 * hour) return `${Math.floor(whole / minute)}m`;
  if (whole < 2 * day) return `${Math.floor(whole / hour)}h`;
  return `${Math.floor(whole / day)}d`;
}

/** How long ago an ISO time was; empty without a time. A time ahead of this machine's clock gives `0s`. */
export function ageOf(time: string | null | undefined, now: number): string {
  const at = instantOf(time);
  return at === undefined ? '' : shortDuration(now - at);
}

/** From one ISO time to another, or to now; empty without a start. */
export function timeBetween(from: string | null | undefined, to: string | null | undefined, now: number): string {
  const start = instantOf(from);
  return start === undefined ? '' : shortDuration((instantOf(to) ?? now) - start);
}

/** A due time: `in 3m`, or `3m ago` once it is past; empty without a time. */
export function untilTime(time: string | null | undefined, now: number): string {
  const at = instantOf(time);
  if (at === undefined) return '';
  return at >= now ? `in ${shortDuration(at - now)}` : `${shortDuration(now - at)} ago`;
}

/** As `untilTime`, for a sentence: `in 3 min 20 s`. */
export function inWords(time: string, now: number): string {
  const left = Date.parse(time) - now;
  return left >= 0 ? `in ${about(left)}` : `${about(-left)} ago`;
}

/** A time of day in UTC, with its date if it is 12 hours away or more: `14:03:20Z`, `2026-11-30 14:03Z`. */
export function clockOf(time: string, now: number): string {
  const at = Date.parse(time);
  const iso = new Date(at).toISOString();
  return Math.abs(at - now) < 12 * hour ? `${iso.slice(11, 19)}Z` : `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
}

/** Until a time: `12 s`, `1 min 10 s`, `23 h 59 min`. It counts whole seconds, so that it does not flicker on a screen. */
export function timeLeft(time: string, now: number): string {
  const seconds = Math.ceil(Math.max(0, Date.parse(time) - now) / second);
  return seconds < 60 ? `${seconds} s` : about(seconds * second);
}

function instantOf(time: string | null | undefined): number | undefined {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? undefined : at;
}

/** Bytes with a unit of 1024: `1.9 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power]}`;
}
