// The one table of JetStream's error and status codes, and what they mean to the adapter.

import { JetStreamApiError } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { GenwardenError, type ErrorCode } from '../../../job/errors/index.ts';
import type { StoragePlace } from '../../../job/storage.ts';
import { permissionDenied, violationIn } from '../link/permissions.ts';

/** `err_code` of the API's answers. */
const codes = {
  /** Of the account; status 400. */
  resourcesExceeded: 10_002,
  consumerNameInUse: 10_013,
  /** Of the server. */
  insufficientResources: 10_023,
  messageNotFound: 10_037,
  storageExceeded: 10_047,
  streamNameInUse: 10_058,
  streamNotFound: 10_059,
  subjectsOverlap: 10_065,
  wrongLastSequence: 10_071,
  /** More than one replica on a single server; status 500. */
  notClustered: 10_074,
  /** A consumer of this name has another configuration. */
  consumerExists: 10_148,
  /** A conditional write to the same subject is in flight; this write's own condition was not checked. */
  writeInFlight: 10_164,
  /** Messages of the batch are missing: what a client that pipelines a batch sees for too many open batches. */
  batchIncomplete: 10_176,
  tooManyAtomicBatches: 10_210,
  tooManyBatches: 10_211,
} as const;

/** Status codes of messages without a body, and of the end of several answers. */
export const statuses = {
  heartbeat: 100,
  endOfBatch: 204,
  notFound: 404,
  /** A pull ran out of time. */
  expired: 408,
  /** The server ended the pull. */
  ended: 409,
  /** A direct get has more than 1,024 results. */
  tooManyResults: 413,
  /** No server, stream or consumer is there to answer. */
  noResponders: 503,
} as const;

/** 0 for a message with a body, or without a status. */
export const statusOf = (message: Msg): number => (message.data.length === 0 ? (message.headers?.code ?? 0) : 0);

/** A single attempt that brought no answer, or one that settles nothing. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
}

const hasCode = (error: unknown, ...wanted: readonly number[]): error is JetStreamApiError =>
  error instanceof JetStreamApiError && wanted.includes(error.code);

/** Another process wrote first, or its write is still in flight. */
export const isConflict = (error: unknown): boolean => hasCode(error, codes.wrongLastSequence, codes.writeInFlight);

export const isWrongLastSequence = (error: unknown): error is JetStreamApiError =>
  hasCode(error, codes.wrongLastSequence);

export const isStreamNotFound = (error: unknown): boolean => hasCode(error, codes.streamNotFound);

export const isMessageNotFound = (error: unknown): boolean => hasCode(error, codes.messageNotFound);

/** The stream, consumer or message does not exist. */
export const isNotFound = (error: unknown): boolean => error instanceof JetStreamApiError && error.status === 404;

export const isStreamNameInUse = (error: unknown): boolean => hasCode(error, codes.streamNameInUse);

export const isSubjectsOverlap = (error: unknown): boolean => hasCode(error, codes.subjectsOverlap);

export const isNotClustered = (error: unknown): boolean => hasCode(error, codes.notClustered);

export const isConsumerNameTaken = (error: unknown): boolean =>
  hasCode(error, codes.consumerExists, codes.consumerNameInUse);

/**
 * The storage of the server, the account or the stream is used up. A stream at its limit answers 10077, as any other
 * failure to store does: only the description distinguishes them.
 */
export function isStorageFull(error: unknown): boolean {
  const full = [codes.resourcesExceeded, codes.insufficientResources, codes.storageExceeded];
  if (hasCode(error, ...full)) return true;
  return error instanceof JetStreamApiError && /maximum (bytes|messages)|no space left/.test(error.message);
}

/** Which storage the error says is full; a stream's own limit is that of the artifacts if `artifacts` holds. */
export function placeOf(error: JetStreamApiError, artifacts: boolean): StoragePlace | undefined {
  if (error.code === codes.resourcesExceeded) return 'account';
  if (error.code === codes.insufficientResources || error.code === codes.storageExceeded) return 'server';
  if (/no space left/.test(error.message)) return 'disk';
  if (!/maximum (bytes|messages)/.test(error.message)) return undefined;
  return artifacts ? 'artifacts' : 'stream';
}

/** JetStream rejected the request for good; any other error may be temporary. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.status >= 400 && error.status < 500;

/** The attempt settled nothing: the same request may succeed a moment later. */
export const isUnsettled = (error: unknown): boolean =>
  error instanceof NoAnswer ||
  (error instanceof JetStreamApiError && error.status >= 500) ||
  hasCode(error, codes.writeInFlight, codes.batchIncomplete, codes.tooManyAtomicBatches, codes.tooManyBatches);

/**
 * The error as callers of a port know it: `code` if NATS refused, `NatsPermissionDenied`, `StorageFull`, or
 * `Unavailable` without an answer.
 */
export function portError(error: unknown, code: ErrorCode, what: string): GenwardenError {
  if (error instanceof GenwardenError) return error;
  const violation = violationIn(error);
  if (violation !== undefined) return permissionDenied(violation, error);
  const why = (error as Error).message;
  if (isStorageFull(error)) {
    return new GenwardenError('StorageFull', `${what}: the storage of NATS is full (${why}).`, { cause: error });
  }
  if (isRefusal(error)) return new GenwardenError(code, `${what}: NATS refused it (${why}).`, { cause: error });
  return new GenwardenError('Unavailable', `${what}: NATS did not answer (${why}).`, { cause: error });
}
