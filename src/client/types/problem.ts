// The problem document of every error of the API.

import type { ErrorCode } from './errorCode.ts';

/** RFC 9457. */
export interface Problem {
  /** The page that explains the code. */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** A code of the error catalogue; an API of a newer version may have others. */
  code: ErrorCode | (string & {});
  /** What to do. */
  hint: string;
  requestId: string;
  errors?: { path: string; message: string }[];
  /** The job that a submit without an answer may have stored. */
  jobId?: string;
  /** Send the same body with this key to try again safely. */
  idempotencyKey?: string;
  /** For `ConcurrencyConflict`: the open job that holds the concurrency key. */
  holder?: string;
  /** The pools or models that exist, for a pool or model that does not. */
  known?: string[];
}
