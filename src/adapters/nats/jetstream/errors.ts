// What JetStream's refusals mean to the adapter.

import { JetStreamApiCodes, JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import { GenwardenError, type ErrorCode } from '../../../job/errors/index.ts';
import { denialIn, denied } from '../link/rights.ts';

/** Somebody else wrote first. 10164 instead of 10071 means that another write to the subject is still in flight. */
export function isConflict(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}

export function isStreamNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

/** A read that found no message: an API error, or the status 404 of a direct get. */
export function isNothingFound(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === JetStreamApiCodes.NoMessageFound;
  return error instanceof JetStreamError && (error as { code?: unknown }).code === 404;
}

/** Storage of the server, the account or the stream is used up: 10047, 10023, 10077, 10002. */
function isOutOfSpace(error: unknown): boolean {
  return error instanceof JetStreamApiError && [10_047, 10_023, 10_077, 10_002].includes(error.code);
}

/** JetStream refused for good what was asked; anything else is an absence that may pass. */
export function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status >= 400 && error.status < 500 && !isOutOfSpace(error);
}

/**
 * The error as callers of a port know it: `code` where NATS refused, `NatsPermissionDenied`, `StorageFull`, or `Unavailable`
 * without an answer.
 */
export function portError(error: unknown, code: ErrorCode, what: string): GenwardenError {
  if (error instanceof GenwardenError) return error;
  const denial = denialIn(error);
  if (denial !== undefined) return denied(denial, error);
  const why = (error as Error).message;
  if (isOutOfSpace(error)) {
    return new GenwardenError('StorageFull', `${what}: the storage of NATS is full (${why}).`, { cause: error });
  }
  if (isRefusal(error)) return new GenwardenError(code, `${what}: NATS refused it (${why}).`, { cause: error });
  return new GenwardenError('Unavailable', `${what}: NATS did not answer (${why}).`, { cause: error });
}
