// Tells an API that is away from one that refuses, and says why in a few words.

import { GenwardenApiError } from '../../client/index.ts';

/** Did the request get no answer at all? `fetch` fails with a TypeError that carries the socket's error as its cause. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError && error.cause instanceof Error;
}

/** May the same request get another answer in a moment? */
export function isTemporary(error: unknown): boolean {
  return isUnreachable(error) || (error instanceof GenwardenApiError && (error.status >= 500 || error.status === 429));
}

/** Was there nobody to take the request? Then it was not carried out, either. */
export function isRefused(error: unknown): boolean {
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
