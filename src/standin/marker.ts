// Behaviours written into a prompt: `[standin: status 503 x2]`, `[standin: 429 retry 2s]`, `[standin: slow 5s]`.

import { BadBehaviour, parseBehaviour } from './behaviour.ts';
import type { Behaviour } from './behaviour.ts';

/** The behaviours that `prompt` asks for, in order. Throws BadBehaviour for an unknown marker. */
export function markersOf(prompt: string): Behaviour[] {
  return Array.from(prompt.matchAll(/\[standin:([^\]]*)\]/gi), ([, words]) => parseMarker(words ?? ''));
}

/** Whole milliseconds of `500ms`, `5s`, `2m`, `1h`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Math.round(Number(amount) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'm' | 'h']);
}

function parseMarker(text: string): Behaviour {
  const words = text.trim().split(/\s+/);
  const fields: Record<string, unknown> = {};
  const [first = '', ...rest] = words[0] === 'status' ? words.slice(1) : words;
  if (first === '429') fields['kind'] = 'rate-limited';
  else if (/^\d+$/.test(first)) Object.assign(fields, { kind: 'status', status: Number(first) });
  else fields['kind'] = first;
  for (let at = 0; at < rest.length; at += 1) {
    const taken = readArgument(fields, rest[at] ?? '', rest[at + 1]);
    if (taken === 0) throw new BadBehaviour(`unknown word "${rest[at]}" in [standin:${text}]`);
    at += taken - 1;
  }
  return parseBehaviour(fields);
}

/** Reads one argument into `fields`; returns how many words it consumed, 0 if it is not an argument. */
function readArgument(fields: Record<string, unknown>, word: string, next: string | undefined): number {
  const times = /^x(\d+)$/.exec(word)?.[1];
  if (times !== undefined) return set(fields, 'times', Number(times), 1);
  if (word === 'after' && next !== undefined) return set(fields, 'latencyMs', parseDuration(next), 2);
  if (word === 'retry' && next !== undefined) return set(fields, 'retryMs', parseDuration(next), 2);
  if (word === 'per-day') return set(fields, 'quota', 'day', 1);
  if (word === 'no-credit') return set(fields, 'quota', 'credit', 1);
  if (word === 'small') return set(fields, 'bytes', 'small', 1);
  if (word === 'jpeg') return set(fields, 'format', 'jpeg', 1);
  if (fields['kind'] === 'redirect' && /^https?:/.test(word)) return set(fields, 'location', word, 1);
  if (word === 'every' && next !== undefined) return set(fields, 'everyMs', parseDuration(next), 2);
  if (fields['kind'] === 'write' && /^\d+$/.test(word)) return set(fields, 'characters', Number(word), 1);
  if (fields['kind'] === 'slow') return set(fields, 'latencyMs', parseDuration(word), 1);
  if (/^[A-Z_]+$/.test(word)) return set(fields, 'reason', word, 1);
  return 0;
}

function set(fields: Record<string, unknown>, name: string, value: unknown, words: number): number {
  if (value === undefined) return 0;
  fields[name] = value;
  return words;
}
