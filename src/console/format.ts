// Times, durations, sizes and numbers in the forms that the pages show. All times are those of the browser's time zone.

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** ms as one or two units: `850 ms`, `4.2 s`, `45 s`, `3 min 20 s`, `2 h 5 min`, `3 days 4 h`. Negative durations are 0. */
export function duration(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < second) return `${Math.round(whole)} ms`;
  if (whole < 10 * second) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`;
  if (whole < minute) return `${Math.floor(whole / second)} s`;
  if (whole < hour) return pair(whole, minute, 'min', second, 's');
  if (whole < day) return pair(whole, hour, 'h', minute, 'min');
  return pair(whole, day, whole < 2 * day ? 'day' : 'days', hour, 'h');
}

function pair(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeUnit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`;
}

/** Like `duration`, in whole seconds, for what counts up or down once a second. */
export const countedDuration = (ms: number): string =>
  ms < second ? '0 s' : duration(Math.floor(ms / second) * second).replace(/^(\d)\.0 s$/, '$1 s');

/** `14:02:31`, or `2026-11-28 14:02:31` on another day than `now` (ms since 1970). Empty without a time. */
export function clockTime(time: string | number | null, now: number): string {
  if (time === null) return '';
  const at = new Date(time);
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
  return isSameDay(at, new Date(now)) ? clock : `${dayOf(at)} ${clock}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');
const dayOf = (at: Date): string => `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
const isSameDay = (a: Date, b: Date): boolean => dayOf(a) === dayOf(b);

/** Bytes with a unit of 1024: `1.9 MiB`. */
export function byteCount(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** `12,345`. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `97.3 %` of a fraction; `100 %` and `0 %` only for exactly that. */
export function percent(fraction: number): string {
  if (fraction === 0 || fraction === 1) return `${fraction * 100} %`;
  return `${Math.min(99.9, Math.max(0.1, fraction * 100)).toFixed(1)} %`;
}

/** `1 task`, `3 tasks`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** A cost in the unit of the pools' prices: `12.5`, `0.0042`. */
export const amount = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 1 ? 4 : 2 });

/** Like `clockTime`, with milliseconds: `14:02:31.208`. */
export const preciseTime = (time: string | number, now: number): string =>
  `${clockTime(time, now)}.${String(new Date(time).getMilliseconds()).padStart(3, '0')}`;
