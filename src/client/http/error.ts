// The errors of the client's requests: the API refused one, or no answer arrived.

import { clientVersion } from '../version.ts';
import type { Problem } from '../types/problem.ts';

/** Every error that the client throws itself; a signal's reason and a wrong use of a method are thrown as they are. */
export abstract class GenwardenError extends Error {
  abstract readonly code: string;
  /** What to do. */
  abstract readonly hint: string;
  /** Of a submit that may have been stored: submit the same request with this key, and there will be one job. */
  idempotencyKey?: string;
}

/** A problem document of the API, or the partial one that the client creates for a response from something else. */
export type PossibleProblem = Partial<Problem> & Pick<Problem, 'title' | 'status' | 'detail' | 'code' | 'hint'>;

/** The API refused a request, or something between answered instead of it. */
export class GenwardenApiError extends GenwardenError {
  override readonly name = 'GenwardenApiError';
  readonly status: number;
  /** A code of the error catalogue; `Unknown` if the answer did not come from the API. */
  readonly code: Problem['code'];
  readonly detail: string;
  readonly hint: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly problem: PossibleProblem;
  /** How long to wait before a retry, if the response specifies it, ms. */
  readonly retryAfter: number | undefined;
  /** The request may have been carried out all the same: read the job before you repeat it. */
  readonly mayHaveApplied: boolean;

  constructor(problem: PossibleProblem, retryAfter?: number, mayHaveApplied = false) {
    super(`${problem.detail}${whenAgain(retryAfter)}`);
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.hint = problem.hint;
    this.errors = problem.errors ?? [];
    this.problem = problem;
    this.retryAfter = retryAfter;
    this.mayHaveApplied = mayHaveApplied;
  }

  /** @internal The same error after an earlier try that may have been carried out. */
  asApplied(): GenwardenApiError {
    return new GenwardenApiError(this.problem, this.retryAfter, true);
  }
}

/** For a delay of a minute or more. */
function whenAgain(retryAfter = 0): string {
  const at = new Date(Date.now() + retryAfter);
  if (retryAfter < 60_000 || Number.isNaN(at.getTime())) return '';
  return `; try again at ${at.toISOString().slice(0, 19)}Z`;
}

/** No answer arrived: the API cannot be reached, the connection was lost, or the answer took too long. */
export class GenwardenConnectionError extends GenwardenError {
  override readonly name = 'GenwardenConnectionError';
  readonly code: 'NoAnswer' | 'Timeout';
  readonly hint: string;
  /** Why, such as `connect ECONNREFUSED 127.0.0.1:8080`; browsers do not tell. */
  readonly reason: string;
  /** No server accepted the connection. False also if that is unknown, as in browsers. */
  readonly refused: boolean;
  /** The request may have been carried out all the same: read the job before you repeat it. */
  readonly mayHaveApplied: boolean;
  readonly #lost: LostAnswer;

  constructor(lost: LostAnswer) {
    const { where, reason, code = 'NoAnswer', refused = false, mayHaveApplied: may = false, cause } = lost;
    super(
      `No answer from ${where}: ${reason}${may ? '. The request may have been carried out' : ''}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.hint = may
      ? 'Read the job to see whether the request was carried out, before you repeat it.'
      : 'Check the address, and check that the API is running.';
    this.reason = reason;
    this.refused = refused;
    this.mayHaveApplied = may;
    this.#lost = lost;
  }

  /** @internal The same error after an earlier try that may have been carried out. */
  asApplied(): GenwardenConnectionError {
    return new GenwardenConnectionError({ ...this.#lost, mayHaveApplied: true });
  }
}

interface LostAnswer {
  /** The API's address. */
  readonly where: string;
  readonly reason: string;
  readonly code?: 'NoAnswer' | 'Timeout';
  readonly refused?: boolean;
  readonly mayHaveApplied?: boolean;
  readonly cause?: unknown;
}

/** `fetch` puts the socket's error into the cause of the TypeError that it throws. */
export function connectionError(where: string, thrown: unknown, changes: boolean): GenwardenConnectionError {
  const reason = reasonOf(thrown);
  const refused = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(`${codeOf(thrown)} ${reason}`);
  return new GenwardenConnectionError({ where, reason, refused, mayHaveApplied: changes && !refused, cause: thrown });
}

function codeOf(thrown: unknown): string {
  const inner = causeOf(thrown);
  return inner instanceof Error && 'code' in inner ? String(inner.code) : '';
}

function reasonOf(thrown: unknown): string {
  const inner = causeOf(thrown);
  // Several addresses of one host fail as one error without a message.
  if (inner instanceof AggregateError && inner.errors.length > 0) return inner.errors.map(reasonOf).join('; ');
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}

const causeOf = (thrown: unknown): unknown =>
  thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;

/** Whether a request may have been carried out although it failed. */
export const mayHaveApplied = (error: unknown): error is GenwardenApiError | GenwardenConnectionError =>
  (error instanceof GenwardenApiError || error instanceof GenwardenConnectionError) && error.mayHaveApplied;

/** The error for a response that is none of success. `changes`: the request changes something. */
export async function errorOf(response: Response, changes: boolean): Promise<GenwardenApiError> {
  const { status, statusText, url } = response;
  const retryAfter = retryAfterOf(response);
  const may = changes && status >= 500;
  const body: unknown = await response.json().catch(() => undefined);
  if (isProblem(body)) return new GenwardenApiError(withHint(body), retryAfter, may);
  const detail = `${url} answered ${status} without a problem document`;
  const hint = 'Check that the address is that of a Genwarden API.';
  return new GenwardenApiError({ status, code: 'Unknown', title: statusText, detail, hint }, retryAfter, may);
}

/** Seconds or a date; ms. */
function retryAfterOf({ headers }: Response): number | undefined {
  const text = headers.get('retry-after');
  if (text === null || text.trim() === '') return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** A client of this version knows calls that an older API does not have. */
function withHint(problem: Problem): Problem {
  if (problem.code !== 'RouteNotFound') return problem;
  const hint = `The API does not have this call: it may be older than this client (${clientVersion}). Upgrade the API, or use the client of its version.`;
  return { ...problem, hint };
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body && 'status' in body;
}
