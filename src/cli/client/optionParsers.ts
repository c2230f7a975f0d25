// Parsers for the option values of client commands, so that mistakes are reported before a request is sent.

import { InvalidArgumentError } from 'commander';
import { durationForm, parseDuration } from '../../job/duration.ts';
import { parseExactJson } from '../../job/json/exact.ts';

/** Checks a duration and returns the text, which the API parses. */
export function durationText(text: string): string {
  if (parseDuration(text) === undefined) throw new InvalidArgumentError(`Expected ${durationForm}.`);
  return text;
}

export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(number) && number >= min) return number;
    throw new InvalidArgumentError(`Expected a whole number${Number.isFinite(min) ? ` of ${min} or more` : ''}.`);
  };
}

export function json(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    throw new InvalidArgumentError(`Not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `key=value`, where the value may contain `=`. Collects repeated options. */
export function pairs(text: string, previous: readonly Pair[] = []): Pair[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  return [...previous, [text.slice(0, at), text.slice(at + 1)]];
}

export type Pair = readonly [name: string, value: string];

/** `pool=name`, `model=name`, or both with a comma in between. Collects repeated options. */
export function fallbacks(text: string, previous: readonly Fallback[] = []): Fallback[] {
  const fields = text.split(',').map((field) => field.split('='));
  if (!fields.every(([key = '', value, ...rest]) => ['pool', 'model'].includes(key) && value && rest.length === 0))
    throw new InvalidArgumentError('Expected pool=name, model=name, or pool=name,model=name.');
  return [...previous, Object.fromEntries(fields) as Fallback];
}

export interface Fallback {
  readonly pool?: string;
  readonly model?: string;
}
