// Failures as Kubernetes clients expect them: a `Status` object with an HTTP code and a reason.

import { catalogue, GenwardenError } from '../job/errors/index.ts';
import { group, resource } from './resource.ts';

export type StatusReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'Conflict'
  | 'Expired'
  | 'RequestEntityTooLarge'
  | 'Timeout'
  | 'InternalError'
  | 'ServiceUnavailable';

const codes: Readonly<Record<StatusReason, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  Conflict: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
};

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly { readonly reason: string; readonly message: string }[];
  /** Seconds. */
  readonly retryAfterSeconds?: number;
}

export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly reason: StatusReason;
  readonly details: StatusDetails;

  constructor(reason: StatusReason, message: string, details: StatusDetails = {}) {
    super(message);
    this.reason = reason;
    this.details = details;
  }

  get code(): number {
    return codes[this.reason];
  }
}

export const failure = ({ reason, message, code, details }: StatusError): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  details,
  code,
});

export const notFound = (name: string): StatusError =>
  new StatusError('NotFound', `${resource}.${group} "${name}" not found`, { name, group, kind: resource });

/** kubectl and client-go list again when they get it. */
export const expired = (why: string): StatusError => new StatusError('Expired', why);

/** client-go lists again, from the newest version, when a version is too large. */
export const tooLarge = (asked: string, current: string): StatusError =>
  new StatusError('Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

/** Any error of a request as a `StatusError`. */
export function statusOf(error: unknown, name = ''): StatusError {
  if (error instanceof StatusError) return error;
  if (!(error instanceof GenwardenError)) return new StatusError('InternalError', 'An internal error occurred');
  if (error.code === 'JobNotFound') return notFound(name);
  const { status = 500, hint } = catalogue[error.code] as { status?: number; hint: string };
  const message = `${error.message} (${error.code}): ${hint}`;
  if (status === 409) return new StatusError('Conflict', message, { name, group, kind: resource });
  if (status >= 500) return new StatusError('ServiceUnavailable', message, { retryAfterSeconds: 2 });
  return new StatusError('BadRequest', message);
}
