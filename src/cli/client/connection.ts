// How a client command connects to the API, and how it distinguishes an unavailable API from one that rejects a request.

import type { Command } from 'commander';
import { GenwardenApiError, type ClientOptions } from '../../client/index.ts';
import type { GenwardenError } from '../../job/errors/index.ts';

export interface Connection {
  readonly options: ClientOptions;
  /** Describes the API in messages. */
  readonly where: string;
  /** A more specific reason why the API does not answer than the failed request's error, if one is known. */
  whyUnavailable?(): GenwardenError | undefined;
  close?(): Promise<void>;
}

/** Opens the connection that the command's flags select. */
export type Connect = (command: Command) => Promise<Connection>;

/** True if no response arrived: `fetch` throws a TypeError with the socket's error as its cause. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError && error.cause instanceof Error;
}

/** True if the same request may succeed later. */
export function isTemporary(error: unknown): boolean {
  return isUnreachable(error) || (error instanceof GenwardenApiError && (error.status >= 500 || error.status === 429));
}

/** True if no server accepted the connection, so the request cannot have been carried out. */
export function isConnectionRefused(error: unknown): boolean {
  return isUnreachable(error) && /ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(`${codeOf(error)} ${whyUnreachable(error)}`);
}

function codeOf(error: unknown): string {
  const { cause } = error as Error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** The innermost reason, such as `connect ECONNREFUSED 127.0.0.1:8080`. */
export function whyUnreachable(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  // Several addresses of one host fail as one error without a message.
  if (inner instanceof AggregateError) return inner.errors.map(whyUnreachable).join('; ');
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}
