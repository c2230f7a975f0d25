// The catalogue of every error that a person can see: its code, what happened, whether retrying can help, and what to do.
// `docs/errors.md` is generated from it.

import { processErrors } from './process.ts';
import { requestErrors } from './request.ts';
import { taskErrors } from './task.ts';

export const catalogue = { ...taskErrors, ...requestErrors, ...processErrors };

export type TaskErrorCode = keyof typeof taskErrors;
export type ErrorCode = keyof typeof catalogue;

export interface ProviderAnswer {
  /** The HTTP status, if the provider responded. */
  readonly status?: number;
  /** The provider's own code, such as `UNAVAILABLE` or `IMAGE_SAFETY`. */
  readonly code?: string;
}

/** Why a task or an attempt failed: plain data, as stored and shown. */
export interface TaskError {
  readonly code: TaskErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly hint: string;
  readonly provider?: ProviderAnswer;
  /** Milliseconds that the provider asks to wait before the next attempt. */
  readonly retryAfter?: number;
  /** The failure belongs to a known outage of the provider, so the attempt does not count. */
  readonly outage?: boolean;
}

export interface TaskErrorDetails {
  readonly provider?: ProviderAnswer;
  readonly retryAfter?: number;
  /** Instead of the catalogue's, for an occurrence that needs other advice. */
  readonly hint?: string;
  /** Instead of the catalogue's. */
  readonly retryable?: boolean;
}

/** Builds a task error from the catalogue; `message` is one sentence about this occurrence. */
export function taskError(code: TaskErrorCode, message: string, details: TaskErrorDetails = {}): TaskError {
  const { retryable, hint } = taskErrors[code];
  return { code, message, retryable, hint, ...details };
}

/** An error that a person will read: it always carries a code of the catalogue. */
export class GenwardenError extends Error {
  override readonly name = 'GenwardenError';
  readonly code: ErrorCode;
  /** Structured context for logs and problem documents; it must not contain secrets. */
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

/** What a provider bills for one or more calls, whether or not their result could be used. */
export interface PaidUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly images: number;
}

/** Thrown by providers and by the worker's steps to end an attempt with a task error. */
export class AttemptFailed extends Error {
  override readonly name = 'AttemptFailed';
  readonly error: TaskError;
  /** What the failed attempt is billed for; undefined if the provider did not answer with a result. */
  readonly usage: PaidUsage | undefined;

  constructor(error: TaskError, options: { cause?: unknown; usage?: PaidUsage } = {}) {
    super(error.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.error = error;
    this.usage = options.usage;
  }
}
