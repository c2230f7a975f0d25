// Moments and what is left until them. Every moment is shown to the second; how long ago it was stands beside it.

import { clockTime, countedDuration } from '../format.ts';
import { now } from '../live/now.ts';

interface MomentProps {
  /** ISO 8601; null shows nothing. */
  at: string | null | undefined;
  /** Without how long ago it was. */
  plain?: boolean;
}

/** `14:02:31 (3 min ago)`. */
export function Moment({ at, plain = false }: MomentProps) {
  if (at === null || at === undefined) return null;
  return (
    <time dateTime={at} title={at}>
      {clockTime(at, now.value)}
      {plain ? null : <span class="muted"> ({agoText(at, now.value)})</span>}
    </time>
  );
}

/** How long ago, or how long until: `3 min ago`, `in 12 s`. */
export function agoText(at: string, from: number): string {
  const ms = Date.parse(at) - from;
  return ms >= 1_000 ? `in ${countedDuration(ms)}` : `${countedDuration(-ms)} ago`;
}

/** `in 12 s`, counting down; `past` once the moment is over. Not announced by screen readers each second. */
export function Countdown({ until, past = 'due now' }: { until: string | null | undefined; past?: string }) {
  if (until === null || until === undefined) return null;
  const left = Date.parse(until) - now.value;
  return (
    <time dateTime={until} title={until} class="countdown">
      {left >= 1_000 ? `in ${countedDuration(left)}` : past}
    </time>
  );
}

/** How long ago a moment was, counting up. */
export function Age({ since }: { since: string | null | undefined }) {
  if (since === null || since === undefined) return null;
  return (
    <time dateTime={since} title={since}>
      {countedDuration(now.value - Date.parse(since))}
    </time>
  );
}

/** From one moment to another, or to now. */
export function Elapsed({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  if (from === null || from === undefined) return null;
  const end = to === null || to === undefined ? now.value : Date.parse(to);
  return <span>{countedDuration(end - Date.parse(from))}</span>;
}
