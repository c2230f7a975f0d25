// The zod schema of a duration written as text, such as 30s. HTTP bodies and custom resources share it.

import { z } from 'zod';
import { durationForm, formatDuration, parseDuration } from '../../job/duration.ts';

/** Milliseconds. */
interface DurationBounds {
  readonly least: number;
  readonly most: number;
}

/** The bounds of each schema made by `durationText`, so that other schema languages can express them too. */
export const durationBounds = z.registry<DurationBounds>();

/** A duration within bounds. The parsed value is still the text: a request is stored as it was sent. */
export function durationText({ least, most }: DurationBounds, meaning = 'A duration') {
  return z
    .string()
    .superRefine((text, context) => {
      const problem = durationProblem(text, least, most);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .meta({
      minLength: 2,
      pattern: '^(\\d+d)?(\\d+h)?(\\d+m)?(\\d+(\\.\\d+)?s)?(\\d+ms)?$',
      description: `${meaning}; such as 500ms, 30s, 5m, 1h30m or 7d, from ${formatDuration(least)} to ${formatDuration(most)}.`,
    })
    .register(durationBounds, { least, most });
}

function durationProblem(text: string, least: number, most: number): string | undefined {
  const ms = parseDuration(text);
  if (ms === undefined) return `is not ${durationForm}`;
  return ms < least || ms > most
    ? `is ${text}, but must be from ${formatDuration(least)} to ${formatDuration(most)}`
    : undefined;
}
