// The one catalogue of everything that can go wrong in a way a person sees: a code, what it means, whether trying again
// can help, and what to do. `docs/errors.md` lists the same codes; a test compares.

import { processErrors } from './process.ts';
import { requestErrors } from './request.ts';
import { taskErrors } from './task.ts';

export const catalogue = { ...taskErrors, ...requestErrors, ...processErrors };

export type TaskErrorCode = keyof typeof taskErrors;
export type ErrorCode = keyof typeof catalogue;

export interface ProviderAnswer {
  /** HTTP status, where there was one. */
  readonly status?: number;
  /** The provider's own code, such as `UNAVAILABLE` or `IMAGE_SAFETY`. */
  readonly code?: string;
}

/** What went wrong with a task: plain data, as stored and shown. */
export interface TaskError {
  readonly code: TaskErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly hint: string;
  readonly provider?: ProviderAnswer;
  /** Milliseconds the provider asks to wait before the next try. */
  readonly retryAfter?: number;
}

export interface TaskErrorDetails {
  readonly provider?: ProviderAnswer;
  readonly retryAfter?: number;
}

/** A task error of the catalogue; `message` says in one sentence what happened this time. */
export function taskError(code: TaskErrorCode, message: string, details: TaskErrorDetails = {}): TaskError {
  const { retryable, hint } = taskErrors[code];
  return { code, message, retryable, hint, ...details };
}

/** Thrown where a person will read the outcome: always a code of the catalogue, never a bare message. */
export class GenwardenError extends Error {
  override readonly name = 'GenwardenError';
  readonly code: ErrorCode;
  /** Structured context for logs and problem documents; never secrets. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get hint(): string {
    return catalogue[this.code].hint;
  }
}

/** Thrown by providers and by the worker's own steps: an attempt ended with this task error. */
export class AttemptFailed extends Error {
  override readonly name = 'AttemptFailed';
  readonly error: TaskError;

  constructor(error: TaskError, options: { cause?: unknown } = {}) {
    super(error.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.error = error;
  }
}
