// Durations: text such as `500ms`, `30s`, `1h30m` or `7d`, and whole milliseconds in code.

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

/** The shortest text that `parseDuration` reads as the same number: `5400000` becomes `1h30m`. */
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
