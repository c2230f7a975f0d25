// Classifies errors: transient ones mean that NATS is unreachable, its storage full, or the artifact store unusable. The worker retries these without limit,
// because its result has been paid for and a retry costs nothing; it retries other errors only a few times.

import type { Backoff } from '../job/backoff.ts';
import { AttemptFailed, GenwardenError, type ErrorCode } from '../job/errors/index.ts';

/** Delays between retries, ms. */
export const transientBackoff: Backoff = { first: 100, cap: 2_000 };

const transientCodes: ReadonlySet<ErrorCode> = new Set(['Unavailable', 'StorageFull', 'ArtifactStoreUnavailable']);

export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && transientCodes.has(code);
}

/** The process tells about full storage once, not for each write. */
export const isStorageFull = (error: unknown): boolean => codeOf(error) === 'StorageFull';

/** The artifact store takes nothing: full, away, or not to be used with these settings. */
export const isStoreRefusal = (error: unknown): boolean =>
  isStorageFull(error) || codeOf(error) === 'ArtifactStoreUnavailable';

/** The error's code in the catalogue; undefined for any other error. */
function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof GenwardenError) return error.code;
  return error instanceof AttemptFailed ? error.error.code : undefined;
}
