// Durations are whole milliseconds in code. Settings and requests write them as `500ms`, `30s`, `1h30m` or `7d`; sentences say
// `2.0 s`, `3 min 20 s` or `7 days`.

/** Milliseconds; never negative. */
export type Duration = number;

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

const form = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;

export const durationForm = 'a duration such as 500ms, 30s, 5m, 1h30m or 7d';

/** Milliseconds, or undefined if `text` is not a duration. Units go from large to small, each at most once. */
export function parseDuration(text: string): Duration | undefined {
  const match = form.exec(text);
  if (match === null || text === '') return undefined;
  const [, d, h, m, s, ms] = match.map((part) => Number(part ?? 0));
  const total = d! * unitMs.d + h! * unitMs.h + m! * unitMs.m + Math.round(s! * unitMs.s) + ms!;
  return Number.isSafeInteger(total) ? total : undefined;
}

/** As a setting: the shortest text that `parseDuration` reads as the same number: `5400000` becomes `1h30m`. */
export function formatDuration(duration: Duration): string {
  let rest = Math.max(0, Math.round(duration));
  let text = '';
  for (const [unit, size] of Object.entries(unitMs)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

const century = 36_525 * unitMs.d;

/**
 * A measured or estimated duration for a sentence, in at most two units: `412 ms`, `4.2 s`, `45 s`, `3 min 20 s`, `23 h 59 min`,
 * `3 days 4 h`. From 0 to a century; NaN is 0.
 */
export function about(ms: number): string {
  const whole = Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), century);
  if (whole < 999.5) return `${Math.round(whole)} ms`;
  if (whole < 9_950) return `${(whole / unitMs.s).toFixed(1)} s`;
  const step = whole < unitMs.h ? unitMs.s : whole < unitMs.d ? unitMs.m : unitMs.h;
  return inUnits(Math.round(whole / step) * step);
}

/** A limit for a sentence, to the tenth of a second: `100 ms`, `2 s`, `1 min 30 s`, `7 days`. */
export function limitText(limit: Duration): string {
  if (limit < unitMs.s) return `${Math.max(0, Math.round(limit))} ms`;
  return inUnits(Math.round(limit / 100) * 100);
}

function inUnits(ms: number): string {
  const days = Math.floor(ms / unitMs.d);
  const parts = [
    [days, days === 1 ? 'day' : 'days'],
    [Math.floor((ms % unitMs.d) / unitMs.h), 'h'],
    [Math.floor((ms % unitMs.h) / unitMs.m), 'min'],
    [(ms % unitMs.m) / unitMs.s, 's'],
  ] as const;
  return parts.flatMap(([amount, unit]) => (amount === 0 ? [] : [`${amount} ${unit}`])).join(' ');
}
