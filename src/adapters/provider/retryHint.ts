// How long a server asks to wait, from everything that it sends: google.rpc.RetryInfo, the Retry-After header, and words.

import { boundedRetryAfter } from '../../job/retryAfter.ts';

export interface RetryHintSources {
  /** The response's Retry-After, in seconds or as an HTTP date. */
  readonly header: string | null;
  readonly details: readonly Readonly<Record<string, unknown>>[];
  readonly message: string;
}

/**
 * The longest wait that the server asks for, ms, between a second and an hour; undefined if it gives no usable hint. Zero, negative
 * and unreadable values are no hints: the caller has its own backoff. `now` is ms since the epoch.
 */
export function retryHint({ header, details, message }: RetryHintSources, now: number): number | undefined {
  const seconds = [
    ...details.map(({ retryDelay }) => secondsOf(retryDelay)),
    headerSeconds(header, now),
    wordsSeconds(message),
  ];
  return boundedRetryAfter(1_000 * Math.max(...seconds.map((one) => (one !== undefined && one > 0 ? one : 0))));
}

/** `38s`, `3.957525076s`, `38`, 38, or the form of google.protobuf.Duration in other languages, `{seconds, nanos}`. */
function secondsOf(delay: unknown): number | undefined {
  if (typeof delay === 'number') return delay;
  if (typeof delay === 'string') return durationOf(/^\s*\d+(?:\.\d+)?\s*$/.test(delay) ? `${delay.trim()}s` : delay);
  if (typeof delay !== 'object' || delay === null) return undefined;
  const { seconds = 0, nanos = 0 } = delay as Record<string, unknown>;
  const total = Number(seconds) + Number(nanos) / 1e9;
  return Number.isNaN(total) ? undefined : total;
}

function headerSeconds(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  // Two equal headers arrive as one with a comma.
  const seconds = /^(\d+(?:\.\d+)?)s?(?:\s*,|$)/.exec(text)?.[1];
  if (seconds !== undefined) return Number(seconds);
  // Date.parse reads almost anything as a date, `-5` included.
  if (!/^[A-Za-z]{3,9},? .*\d{2}:\d{2}:\d{2}/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : (at - now) / 1_000;
}

const unit = '(?:milliseconds?|millis|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])';
const part = String.raw`\d+(?:\.\d+)?\s*${unit}`;
const parts = String.raw`${part}(?:(?:\s|,|and\b)*${part})*`;
const asked = new RegExp(
  String.raw`\b(?:retry|retrying|try(?:\s+\w+){0,3}\s+again|wait|available|reset)\w*\b[^.\d\n]{0,40}?(?<!-)(${parts})`,
  'gi',
);

/** "Please retry in 12.5s", "retry in 3m20s", "try again in 25 seconds". */
function wordsSeconds(message: string): number | undefined {
  const found = Array.from(message.slice(0, 8_000).matchAll(asked), ([, words = '']) => durationOf(words) ?? 0);
  return found.length === 0 ? undefined : Math.max(...found);
}

const secondsPer = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 } as const;

function durationOf(text: string): number | undefined {
  if (!new RegExp(`^\\s*${parts}\\s*$`, 'i').test(text)) return undefined;
  const pieces = text.toLowerCase().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g);
  return Array.from(pieces, ([, amount, name = '']) => Number(amount) * secondsPer[unitOf(name)]).reduce(
    (a, b) => a + b,
    0,
  );
}

function unitOf(name: string): keyof typeof secondsPer {
  return /^m(?:s|illi)/.test(name) ? 'ms' : (name.charAt(0) as keyof typeof secondsPer);
}
