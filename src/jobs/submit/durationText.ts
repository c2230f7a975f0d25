// The zod schema of a duration written as text, such as 30s. HTTP bodies and custom resources share it.

import { z } from 'zod';
import { durationForm, formatDuration, parseDuration } from '../../job/duration.ts';

/** Milliseconds. */
interface DurationBounds {
  readonly min: number;
  readonly max: number;
}

/** The bounds of each schema made by `durationText`, so that other schema languages can express them too. */
export const durationBounds = z.registry<DurationBounds>();

/** A duration within bounds. The parsed value is still the text: a request is stored as it was sent. */
export function durationText({ min, max }: DurationBounds, meaning = 'A duration') {
  return z
    .string()
    .superRefine((text, context) => {
      const problem = durationProblem(text, min, max);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .meta({
      minLength: 2,
      pattern: '^(\\d+d)?(\\d+h)?(\\d+m)?(\\d+(\\.\\d+)?s)?(\\d+ms)?$',
      description: `${meaning}; such as 500ms, 30s, 5m, 1h30m or 7d, from ${formatDuration(min)} to ${formatDuration(max)}.`,
    })
    .register(durationBounds, { min, max });
}

function durationProblem(text: string, min: number, max: number): string | undefined {
  const ms = parseDuration(text);
  if (ms === undefined) return `is not ${durationForm}`;
  return ms < min || ms > max
    ? `is ${text}, but must be from ${formatDuration(min)} to ${formatDuration(max)}`
    : undefined;
}
