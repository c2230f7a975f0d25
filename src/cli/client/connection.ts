// How a client command connects to the API, and how it distinguishes an unavailable API from one that rejects a request.

import type { Command } from 'commander';
import { GenwardenApiError, GenwardenConnectionError, type ClientOptions } from '../../client/index.ts';
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

export const isUnreachable = (error: unknown): error is GenwardenConnectionError =>
  error instanceof GenwardenConnectionError;

/** True if the same request may succeed later. */
export function isTemporary(error: unknown): boolean {
  return isUnreachable(error) || (error instanceof GenwardenApiError && (error.status >= 500 || error.status === 429));
}

/** Such as `connect ECONNREFUSED 127.0.0.1:8080`. */
export function whyUnreachable(error: unknown): string {
  if (isUnreachable(error)) return error.reason;
  return error instanceof Error ? error.message || error.name : String(error);
}
