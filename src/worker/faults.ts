// Which faults pass by themselves: NATS that is away, or whose storage is full. They are waited out, as a result in hand
// has been paid for and trying again costs nothing; any other fault is tried a few times.

import type { Backoff } from '../job/backoff.ts';
import { AttemptFailed, GenwardenError, type ErrorCode } from '../job/errors/index.ts';

/** Delays between tries while a fault that passes by itself lasts, ms. */
export const faultBackoff: Backoff = { first: 100, cap: 2_000 };

const passing: ReadonlySet<ErrorCode> = new Set(['Unavailable', 'StorageFull']);

export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && passing.has(code);
}

/** The code of the catalogue, where the error has one. */
function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof GenwardenError) return error.code;
  return error instanceof AttemptFailed ? error.error.code : undefined;
}
